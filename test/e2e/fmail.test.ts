/**
 * What `fmail` prints, to the letter, against a real hive: each command over the bus and over an agent's socket, which
 * must give the same bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mail } from '../../schemas/index.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { randomId } from '../../shared/random.ts';
import type { Said } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { steady } from './commands.ts';
import { type FmailOptions, invoke, type Way, type Ways, waysTo } from './fmail-ways.ts';

let hive: TestHive;
let ways: Ways;

const topic = (name: string): MailTarget => ({ kind: 'topic', name });
const agent = (name: string): MailTarget => ({ kind: 'agent', name });

/** Stores a mail as its sender's clock would have it at that time (UTC). */
async function write(from: string, to: MailTarget, time: string, body: string, more: Partial<Mail> = {}) {
  const at = Date.parse(`2026-02-09T${time}Z`);
  const swarm = await hive.connect(from);
  await sendMail(swarm, project, from, to, { v: 1, id: randomId(), kind: 'message', at, body, ...more });
  await swarm.close();
}

/** Runs the same over both ways, which must say the same, where `as` says what is the same. */
async function both(
  args: readonly string[],
  options: FmailOptions = { agent: 'alice' },
  as = (stdout: string) => stdout,
): Promise<Said> {
  const [bus, socket] = await Promise.all([ways.bus.fmail(args, options), ways.socket.fmail(args, options)]);
  expect({ ...socket, stdout: as(socket.stdout) }).toEqual({ ...bus, stdout: as(bus.stdout) });
  return bus;
}

const printed = (stdout: string): Said => ({ code: 0, stdout, stderr: '' });

beforeAll(async () => {
  hive = await startHive();
  ways = waysTo(hive);
});
afterAll(async () => {
  await ways.close();
  await hive.stop();
});

describe('where nobody has written', () => {
  test('there is nothing to list, and no topic', async () => {
    expect(await both(['log'])).toEqual(printed(''));
    expect(await both(['messages', '--json'])).toEqual(printed(''));
    expect(await both(['topics'])).toEqual(printed('TOPIC  MESSAGES  LAST ACTIVITY\n'));
    expect(await both(['topics', '--json'])).toEqual(printed('null\n'));
  });

  test('nobody is known', async () => {
    expect(await ways.bus.fmail(['who'], { agent: 'alice' })).toEqual(printed('NAME  LAST SEEN  STATUS\n'));
    expect(await ways.bus.fmail(['who', '--json'], { agent: 'alice' })).toEqual(printed('null\n'));
  });
});

describe('names and statuses', () => {
  test('a name is printed when it is taken, again for the same place, and refused to another', async () => {
    for (const name of ['alice', 'bob', 'carol']) {
      expect(await ways.bus.fmail(['register', name], { agent: name })).toEqual(printed(`${name}\n`));
    }
    expect(await ways.bus.fmail(['register', ' Carol '])).toEqual(printed('carol\n'));
    const other = { agent: 'carol', variables: { FMAIL_SESSION: 'another' } };
    expect(await ways.bus.fmail(['register', 'carol'], other)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: agent name already registered: carol\n',
    });
  });

  test('as JSON a name is the record', async () => {
    const { stdout } = await ways.bus.fmail(['register', 'dora', '--json'], { agent: 'dora' });
    expect(steady(stdout).replace(/"host": ".*"/, '"host": "test-host"')).toBe(
      '{\n  "name": "dora",\n  "host": "test-host",\n  "first_seen": "TIME",\n  "last_seen": "TIME"\n}\n',
    );
  });

  test.each(['bus', 'socket'] as const)('a status is set, shown and cleared over the %s', async (name) => {
    const way: Way = ways[name];
    const status = (...words: string[]) => way.fmail(['status', ...words], { agent: 'bob' });
    expect(await status()).toEqual(printed(''));
    expect(await status(' working on fmail ')).toEqual(printed(''));
    expect(await status()).toEqual(printed('working on fmail\n'));
    expect((await way.fmail(['who'], { agent: 'bob' })).stdout).toMatch(/^bob +active +working on fmail$/m);
    expect(await status('--clear')).toEqual(printed(''));
    expect(await status()).toEqual(printed(''));
  });

  test('who is there is a table, and as JSON an array', async () => {
    const { stdout } = await both(['who'], { agent: 'bob' });
    expect(stdout).toMatch(
      /^NAME {2,}LAST SEEN {2}STATUS\nalice +active {5}-\nbob +active {5}-\ncarol +active {5}-\ndora /,
    );
    const { stdout: json } = await ways.bus.fmail(['who', '--json'], { agent: 'bob' });
    expect(json.startsWith('[\n  {\n    "name": "alice",\n    "host": "')).toBe(true);
    expect(Object.keys(JSON.parse(json)[0])).toEqual(['name', 'host', 'first_seen', 'last_seen']);
  });

  test('without a name a free one is found', async () => {
    const { code, stdout } = await ways.bus.fmail(['register']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^[a-z]+-[a-z]+(-[a-z]+)?\n$/)]);
  });
});

describe('mail that others wrote', () => {
  const L1 = '20260209-110000-0001 alice -> tasks: hello\n';
  const L2 = '20260209-111500-0002 bob -> @alice: dm msg\n';
  const L3 = '20260209-120000-0003 alice -> @bob: hello bob\n';
  const L4 = '20260209-121500-0004 carol -> tasks: {"action":"build","n":[1]}\n';
  const L5 = '20260209-114500-0005 bob -> bugs: two\nlines\n';
  const L6 = '20260209-123000-0006 carol -> tasks: 123\n';
  const J1 =
    '{"id":"20260209-110000-0001","from":"alice","to":"tasks","time":"2026-02-09T11:00:00Z","body":"hello"}\n';
  const J2 =
    '{"id":"20260209-111500-0002","from":"bob","to":"@alice","time":"2026-02-09T11:15:00Z","body":"dm msg"}\n';
  const J4 =
    '{"id":"20260209-121500-0004","from":"carol","to":"tasks","time":"2026-02-09T12:15:00Z","body":{"action":"build","n":[1]},"reply_to":"20260209-110000-0001","priority":"high","host":"h","tags":["a","b"]}\n';
  const J6 =
    '{"id":"20260209-123000-0006","from":"carol","to":"tasks","time":"2026-02-09T12:30:00Z","body":123}\n';

  beforeAll(async () => {
    await write('alice', topic('tasks'), '11:00:00', 'hello');
    await write('bob', agent('alice'), '11:15:00', 'dm msg');
    await write('alice', agent('bob'), '12:00:00', 'hello bob');
    const more = { reply_to: '20260209-110000-0001', priority: 'high', host: 'h', tags: ['a', 'b'] } as const;
    await write('carol', topic('tasks'), '12:15:00', '{"action": "build", "n": [1]}', {
      ...more,
      tags: ['a', 'b'],
    });
    // Bob's clock is behind: the order is that of storing.
    await write('bob', topic('bugs'), '11:45:00', 'two\r\nlines\x1b');
    await write('carol', topic('tasks'), '12:30:00', '123');
  });

  test.each([
    [['log'], L1 + L4 + L5 + L6],
    [['logs'], L1 + L4 + L5 + L6],
    [['log', ''], L1 + L4 + L5 + L6],
    [['log', 'tasks'], L1 + L4 + L6],
    [['log', ' TASKS '], L1 + L4 + L6],
    [['log', '@bob'], L3],
    [['log', '@Alice'], L2],
    [['log', 'nothing-here'], ''],
    [['messages'], L1 + L2 + L3 + L4 + L5 + L6],
    [['messages', '--from', 'bob'], L2 + L5],
    [['log', '-n', '1'], L6],
    [['log', '-n2'], L5 + L6],
    [['log', '--limit=2', 'tasks'], L4 + L6],
    [['log', '--limit', '0'], L1 + L4 + L5 + L6],
    [['log', '--from', '@Carol'], L4 + L6],
    [['log', '--from', 'carol', '-n', '1'], L6],
    [['log', '--since', '2026-02-09T12:15:00'], L4 + L6],
    [['log', '--since', '2026-02-09T13:15:00+01:00'], L4 + L6],
    [['log', '--since', '2026-02-09'], L1 + L4 + L5 + L6],
    [['log', '--since', '2026-02-10'], ''],
    [['log', '--since', 'now'], ''],
    [['log', '--since', '36500d'], L1 + L4 + L5 + L6],
    [['messages', '--since', '20260209-120000-0003'], L3 + L4 + L5 + L6],
    [['log', 'tasks', '--json'], J1 + J4 + J6],
    [['messages', '-n', '0', '--until-nothing'], undefined],
    [['messages', '--json', '--limit=5', '--from=bob', '--since=2026-02-09T11:00:00Z', '--json'], undefined],
  ])('%j prints it the same over both ways', async (args, stdout) => {
    const said = await both(args);
    if (stdout !== undefined) expect(said).toEqual(printed(stdout));
    else if (args.includes('--json')) expect(said.stdout.startsWith(J2)).toBe(true);
    else expect([said.code, said.stderr]).toEqual([2, 'Error: unknown flag: --until-nothing\n']);
  });

  test('topics are a table, and as JSON an array', async () => {
    // Between the one and the other a second may end.
    const { stdout } = await both(['topics'], undefined, steady);
    expect(steady(stdout)).toBe(
      'TOPIC  MESSAGES  LAST ACTIVITY\nbugs   1         AGO\ntasks  3         AGO\n',
    );
    const { stdout: json } = await both(['topic', '--json']);
    expect(steady(json)).toBe(
      '[\n  {\n    "name": "bugs",\n    "messages": 1,\n    "last_activity": "TIME"\n  },\n  {\n    "name": "tasks",\n    "messages": 3,\n    "last_activity": "TIME"\n  }\n]\n',
    );
  });
});

describe.each(['bus', 'socket'] as const)('what is sent over the %s', (name) => {
  const place = topic(`sent-${name}`).name;
  const send = (args: readonly string[], options: FmailOptions = { agent: 'alice' }) =>
    ways[name].fmail(['send', place, ...args], options);

  test('is printed by its id, and stands in the log as it was written', async () => {
    writeFileSync(join(ways.folder, 'note.md'), 'from a\nfile\n');
    const sent = [
      await send(['first']),
      await send(['-f', 'note.md']),
      await send([], { agent: 'bob', input: 'piped\n' }),
      await send(['{"a": 1}']),
      await send(['--', '--dashes']),
    ];
    for (const said of sent) expect(said).toEqual(printed(expect.stringMatching(/^\d{8}-\d{6}-\d{4,}\n$/)));
    const { stdout } = await both(['log', place]);
    const from = (who: string) => `${who} -> ${place}: `;
    expect(stdout.replaceAll(/^\d{8}-\d{6}-\d{4,} /gm, '')).toBe(
      `${from('alice')}first\n${from('alice')}from a\nfile\n${from('bob')}piped\n${from('alice')}{"a":1}\n${from('alice')}--dashes\n`,
    );
    expect(stdout.split(' ')[0]).toBe(sent[0]?.stdout.trim());
  });

  test('is an object with --json, which is the same in the log', async () => {
    const flags = ['-r', '20260209-110000-0001', '-p', 'HIGH', '-t', 'A,b', '-t', 'c', '--json'];
    const { code, stdout } = await send(['{"n":1}', ...flags]);
    expect([code, Object.keys(JSON.parse(stdout))]).toEqual([
      0,
      ['id', 'from', 'to', 'time', 'body', 'reply_to', 'priority', 'host', 'tags'],
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      from: 'alice',
      to: place,
      body: { n: 1 },
      reply_to: '20260209-110000-0001',
      priority: 'high',
      tags: ['a', 'b', 'c'],
    });
    expect(stdout).toContain('\n  "from": "alice",\n');
    const { stdout: log } = await both(['log', place, '-n', '1', '--json']);
    expect(log).toBe(`${JSON.stringify(JSON.parse(stdout))}\n`);
  });

  test('may be long, up to a MiB with all that is around it', async () => {
    const body = 'long '.repeat(150_000);
    const { code, stdout } = await send([], { agent: 'alice', input: body });
    expect(code).toBe(0);
    const { stdout: log } = await both(['log', place, '-n', '1']);
    expect(log).toBe(`${stdout.trim()} alice -> ${place}: ${body}\n`);
    const tooLong = await send([], { agent: 'alice', input: 'x'.repeat(1024 * 1024 - 60) });
    expect(tooLong).toEqual({ code: 1, stdout: '', stderr: 'Error: message exceeds 1MB limit\n' });
    expect((await both(['log', place, '-n', '1'])).stdout).toBe(log);
  });

  test('is seen by who follows the log, in order, until Ctrl-C', async () => {
    const end = new AbortController();
    let text = '';
    let isSeen = () => {};
    const seen = new Promise<void>((resolve) => {
      isSeen = resolve;
    });
    const following = ways[name].fmail(['log', `${place}-live`, '-f'], {
      agent: 'bob',
      signal: end.signal,
      onOutput: (all) => {
        text = all;
        if (all.includes('three')) isSeen();
      },
    });
    for (const word of ['one', 'two', 'three'])
      await ways.bus.fmail(['send', `${place}-live`, word], { agent: 'alice' });
    await seen;
    end.abort('SIGINT');
    expect((await following).code).toBe(0);
    expect(text.replaceAll(/^\S+ /gm, '')).toBe(
      ['one', 'two', 'three'].map((word) => `alice -> ${place}-live: ${word}\n`).join(''),
    );
  });

  test('is shown by a watch, which ends after its count', async () => {
    const to = `${place}-watch`;
    const watching = ways[name].fmail(['watch', to, '-c', '2', '--json'], { agent: 'bob' });
    // A watch begins with what comes after it has started, and nothing else tells when that is.
    const probes: Promise<unknown>[] = [];
    const probing = setInterval(
      () => probes.push(ways.bus.fmail(['send', to, 'probe'], { agent: 'alice' })),
      50,
    );
    const { code, stdout, stderr } = await watching.finally(() => clearInterval(probing));
    await Promise.allSettled(probes);
    expect([code, stderr]).toEqual([0, '']);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ to: where, body }) => [where, body])).toEqual([
      [to, 'probe'],
      [to, 'probe'],
    ]);
  });

  test('is waited for no longer than a watch is told to', async () => {
    const args = ['watch', `${place}-quiet`, '--timeout', '200ms'];
    expect(await ways[name].fmail(args, { agent: 'bob' })).toEqual(printed(''));
  });
});

test.each(['bus', 'socket'] as const)('a sender over the %s can ask to be acknowledged', async (name) => {
  const send = async (...flags: string[]) => {
    const { stdout } = await ways[name].fmail(['send', '@bob', 'now?', '--json', ...flags], {
      agent: 'alice',
    });
    return JSON.parse(stdout).ack_within_ms;
  };
  expect([await send(), await send('--ack-required'), await send('--deadline', '5m')]).toEqual([
    undefined,
    600_000,
    300_000,
  ]);
});

describe('without a bus', () => {
  test('a bridge above the folder is the way', async () => {
    const folder = join(ways.folder, 'below', 'here');
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(ways.folder, 'below', '.fmail'));
    await ways.serve('erin', join(ways.folder, 'below', '.fmail', 'forged.sock'));
    const said = await invoke(folder, ['send', 'bridged', 'hello'], {}, { FMAIL_PROJECT: project });
    expect(said).toEqual(printed(expect.stringMatching(/^\d{8}-\d{6}-\d{4,}\n$/)));
    expect((await both(['log', 'bridged'])).stdout).toContain(' erin -> bridged: hello\n');
  });

  test('a socket that is gone is named', async () => {
    const path = join(ways.folder, 'gone.sock');
    expect(await invoke(ways.folder, ['log'], {}, { WAGGLE_SOCKET: path })).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error: the socket at ${path} does not answer (ENOENT); is its worker still running?\n`,
    });
  });
});

test('a command that is interrupted says so', async () => {
  const end = new AbortController();
  end.abort('SIGINT');
  expect(await ways.bus.fmail(['who'], { agent: 'alice', signal: end.signal })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'Error: interrupted\n',
  });
});

test('on its socket an agent is nobody else', async () => {
  const { code, stdout, stderr } = await ways.socket.fmail(['send', 'tasks', 'x'], {
    agent: 'alice',
    variables: { FMAIL_AGENT: 'bob' },
  });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain("this socket is alice's, not bob's");
});

test('on its socket an agent has no other project', async () => {
  const { code, stderr } = await ways.socket.fmail(['log'], {
    agent: 'alice',
    variables: { FMAIL_PROJECT: 'another' },
  });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^Error: project "another" was asked for, but this socket serves "test"/),
  ]);
});
