import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { check } from '../../../../schemas/index.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { listenAtPath } from '../../../../shared/socket/listen.ts';
import { oneSeat } from '../../../../shared/socket/seats.ts';
import {
  LINE_BYTES,
  type SocketServer,
  type SocketServerOptions,
  serveSocket,
} from '../../../../shared/socket/server.ts';
import { until } from '../../../support/asking.ts';
import { listenAnywhere } from '../../../support/free-port.ts';
import { type MemoryMail, memoryMail } from '../../../support/memory-desk.ts';
import { type SocketPeer, socketPeer } from '../../../support/socket-peer.ts';

let folder: string;
let path: string;
let mail: MemoryMail;
let server: SocketServer;
const peers = new Set<SocketPeer>();

async function serve(more: Partial<SocketServerOptions> = {}): Promise<void> {
  server = serveSocket({
    project: 'test',
    seats: oneSeat({ mail: mail.desk('w-1') }),
    clock: systemClock,
    randomId,
    log: silentLog,
    listeners: [{ listener: await listenAtPath(path), needsProject: false }],
    ...more,
  });
}
async function peer(): Promise<SocketPeer> {
  const one = await socketPeer({ path });
  peers.add(one);
  return one;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waggle-socket-'));
  path = join(folder, 's');
  mail = memoryMail();
  await serve();
});
afterEach(async () => {
  for (const one of peers) one.close();
  peers.clear();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the socket', () => {
  test('is for its owner alone, and its file goes with the server', async () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server.close();
    expect(() => statSync(path)).toThrow(/ENOENT/);
  });

  test('has a path that every system takes, or says so', async () => {
    await expect(listenAtPath(join(folder, 'x'.repeat(100)))).rejects.toMatchObject({ code: 'not-ready' });
  });

  test('says that somebody listens there already', async () => {
    await expect(listenAtPath(path)).rejects.toThrow(/something listens there already/);
  });
});

describe('send', () => {
  test('is answered with the id of the stored mail, and the record', async () => {
    const request = {
      cmd: 'send',
      project_id: 'test',
      agent: 'w-1',
      host: 'box',
      req_id: 'r1',
      to: '@Bob',
      body: { a: 1 },
      reply_to: '20260209-120000-0003',
      priority: 'high',
      tags: ['One'],
    };
    const answer = await (await peer()).ask(request);
    const [stored] = mail.records;
    expect(stored).toMatchObject({
      from: 'w-1',
      to: '@bob',
      body: { a: 1 },
      host: 'box',
      reply_to: '20260209-120000-0003',
      priority: 'high',
      tags: ['one'],
    });
    expect(answer).toEqual({ ok: true, id: stored?.id, req_id: 'r1', result: stored });
    expect(check('SocketLine', answer)).toMatchObject({ ok: true });
  });

  test('needs neither project nor agent on a Unix socket', async () => {
    expect(await (await peer()).ask({ cmd: 'send', to: 'task', body: 'hello' })).toMatchObject({ ok: true });
    expect(mail.records).toMatchObject([{ from: 'w-1', to: 'task', body: 'hello' }]);
  });

  test('of the same mail again stores it once', async () => {
    const one = await peer();
    const request = { cmd: 'send', to: 'task', body: 'x', args: { id: 'mail-1' } };
    const first = await one.ask(request);
    expect(await one.ask(request)).toEqual(first);
    expect(mail.records).toHaveLength(1);
  });

  test('of the same req_id again is another mail: other clients count theirs from one', async () => {
    const one = await peer();
    await one.ask({ cmd: 'send', to: 'task', body: 'x', req_id: '1' });
    await one.ask({ cmd: 'send', to: 'task', body: 'x', req_id: '1' });
    expect(mail.records).toHaveLength(2);
  });

  test('many over one connection are answered in their order', async () => {
    const one = await peer();
    for (let n = 0; n < 200; n += 1) one.say({ cmd: 'send', to: 'task', body: `m${n}`, req_id: String(n) });
    for (let n = 0; n < 200; n += 1) expect(await one.line()).toMatchObject({ ok: true, req_id: String(n) });
    expect(mail.records.map(({ body }) => body)).toEqual(Array.from({ length: 200 }, (_, n) => `m${n}`));
  });

  test('that is the last word of a peer is answered', async () => {
    const one = await peer();
    one.socket.end(JSON.stringify({ cmd: 'send', to: 'task', body: 'no line break' }));
    expect(await one.rest()).toMatchObject([{ ok: true }]);
  });
});

describe('bad input stores nothing, has the code of the seed, and leaves the connection', () => {
  const send = (more: object) => ({ cmd: 'send', to: 'task', body: 'x', req_id: 'r', ...more });
  const cases: [string, object | string, string, RegExp][] = [
    ['broken JSON', '{"cmd":"send",\n', 'invalid_request', /^invalid json$/],
    ['no JSON', 'hello\n', 'invalid_request', /^invalid json$/],
    ['an empty line', '\n', 'invalid_request', /^invalid json$/],
    ['no object', '[1]\n', 'invalid_request', /^missing cmd$/],
    ['nothing', 'null\n', 'invalid_request', /^missing cmd$/],
    ['no command', { to: 'task', body: 'x' }, 'invalid_request', /^missing cmd$/],
    ['an unknown command', { cmd: 'fly' }, 'invalid_request', /^unknown cmd$/],
    ['a command that every object has', { cmd: 'toString' }, 'invalid_request', /^unknown cmd$/],
    ['relay', { cmd: 'relay' }, 'invalid_request', /^relay is not served here/],
    [
      'a foreign project',
      send({ project_id: 'other' }),
      'invalid_project',
      /"other".*"test".*fmail init --project test/,
    ],
    [
      'another agent',
      send({ agent: 'bob' }),
      'invalid_agent',
      /^agent mismatch: this socket is w-1's, not bob's$/,
    ],
    ['an agent that is no name', send({ agent: 'a.b' }), 'invalid_agent', /^invalid agent$/],
    ['a target that is no name', send({ to: 'a b' }), 'invalid_topic', /invalid target "a b"/],
    ['a target with a control character', send({ to: 'a\u0000' }), 'invalid_topic', /invalid target/],
    ['no target', send({ to: undefined }), 'invalid_topic', /invalid target/],
    ['a recipient that is no name', send({ to: '@a_b' }), 'invalid_agent', /invalid target "@a_b"/],
    ['a recipient that is too long', send({ to: `@${'a'.repeat(64)}` }), 'invalid_agent', /at most 63/],
    ['no body', send({ body: undefined }), 'invalid_request', /^missing body$/],
    ['an empty body', send({ body: '  ' }), 'invalid_request', /^message body is required$/],
    ['a priority', send({ priority: 'urgent' }), 'invalid_request', /invalid priority: urgent/],
    ['a tag', send({ tags: ['a_b'] }), 'invalid_request', /invalid tag: a_b/],
    ['a tag of 51', send({ tags: ['a'.repeat(51)] }), 'invalid_request', /at most 50/],
    [
      '11 tags',
      send({ tags: Array.from({ length: 11 }, (_, n) => `t${n}`) }),
      'invalid_request',
      /max 10 tags; got 11/,
    ],
    ['tags that are none', send({ tags: 'a' }), 'invalid_request', /tags: expected array/],
    ['an answer to no id', send({ reply_to: 'x' }), 'invalid_request', /invalid reply-to "x"/],
    [
      'a mail of 1 MiB and 1',
      send({ body: 'x'.repeat(1024 * 1024 + 1) }),
      'too_large',
      /^message exceeds 1MB limit$/,
    ],
    ['an id that is none', send({ args: { id: '' } }), 'invalid_request', /args.id/],
    ['no time to acknowledge', send({ args: { ack_within_ms: 0 } }), 'invalid_request', /acknowledge/],
    ['a watch since nothing', { cmd: 'watch', since: 'x' }, 'invalid_request', /^invalid since$/],
    ['a watch of no topic', { cmd: 'watch', topic: 'a/b' }, 'invalid_topic', /invalid target/],
    ['a watch of no agent', { cmd: 'watch', topic: '@a/b' }, 'invalid_agent', /invalid target/],
    ['a limit', { cmd: 'mail.log', args: { limit: -1 } }, 'invalid_request', /args.limit/],
    ['arguments that are none', { cmd: 'mail.log', args: 1 }, 'invalid_request', /args: expected object/],
    [
      'a mail that is none',
      { cmd: 'mail.read', args: { id: 'x' } },
      'invalid_request',
      /args.id: expected the id/,
    ],
    ['a task where there is none', { cmd: 'task.current' }, 'invalid_request', /no task is worked on/],
  ];

  test.each(cases)('%s', async (_, request, code, message) => {
    const one = await peer();
    const answer = await one.ask(request);
    expect(answer).toMatchObject({ ok: false, error: { code, retryable: false } });
    expect(answer.error.message).toMatch(message);
    expect(check('SocketLine', answer)).toMatchObject({ ok: true });
    if (typeof request === 'object' && 'req_id' in request) expect(answer.req_id).toBe('r');
    expect(mail.records).toEqual([]);
    expect(await one.ask({ cmd: 'ping', req_id: 'alive' })).toEqual({ ok: true, req_id: 'alive' });
  });

  test('a line that is too long ends the connection, and says why first', async () => {
    const one = await peer();
    one.say({ cmd: 'send', to: 'task', body: 'first' });
    one.say(`${'x'.repeat(LINE_BYTES + 1)}\n`);
    one.say({ cmd: 'send', to: 'task', body: 'after' });
    expect(await one.rest()).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'too_large', retryable: false } },
    ]);
    expect(mail.records.map(({ body }) => body)).toEqual(['first']);
  });

  test('a line of just that length is read, in whatever pieces it comes', async () => {
    const one = await peer();
    const head = '{"cmd":"ping","host":"';
    const line = `${head}${'x'.repeat(LINE_BYTES - head.length - 2)}"}\n`;
    for (let at = 0; at < line.length; at += 70_001) one.say(line.slice(at, at + 70_001));
    expect(await one.line()).toEqual({ ok: true });
  });

  test('a line without an end is given up at the limit, not kept', async () => {
    const one = await peer();
    one.say('x'.repeat(LINE_BYTES + 100_000));
    expect(await one.rest()).toMatchObject([{ ok: false, error: { code: 'too_large' } }]);
  });
});

describe('over TCP', () => {
  let port: number;
  beforeEach(async () => {
    await server.close();
    const free = await listenAnywhere();
    port = free.port;
    await serve({ listeners: [{ listener: free.listener, needsProject: true }] });
  });

  test('the project must be named', async () => {
    const one = await socketPeer({ host: '127.0.0.1', port });
    peers.add(one);
    expect(await one.ask({ cmd: 'send', agent: 'w-1', to: 'task', body: 'x', req_id: 'r' })).toMatchObject({
      ok: false,
      error: { code: 'invalid_request', message: 'missing project_id' },
      req_id: 'r',
    });
    expect(mail.records).toEqual([]);
    const request = { cmd: 'send', project_id: ' TEST ', agent: 'w-1', to: 'task', body: 'x' };
    expect(await one.ask(request)).toMatchObject({ ok: true });
  });
});

describe('watch', () => {
  const at = Date.parse('2026-02-09T12:00:00Z');

  test('says what comes: of a topic, of an agent, of everything', async () => {
    const [topic, me, everything] = [await peer(), await peer(), await peer()];
    expect(await topic.ask({ cmd: 'watch', topic: 'task', req_id: 'w' })).toEqual({ ok: true, req_id: 'w' });
    expect(await me.ask({ cmd: 'watch', topic: '@me' })).toEqual({ ok: true });
    expect(await everything.ask({ cmd: 'watch', topic: '*' })).toEqual({ ok: true });
    const [one, two] = [mail.put('bob', 'task', 'one'), mail.put('bob', '@w-1', 'two')];
    expect(await topic.line()).toEqual({ msg: one, lag: 1 });
    expect(await me.line()).toEqual({ msg: two, lag: 0 });
    expect(await everything.line()).toMatchObject({ msg: one });
    expect(await everything.line()).toMatchObject({ msg: two });
    // What is for somebody else is not in everything, as in the seed.
    mail.put('bob', '@carol', 'three');
    const four = mail.put('bob', 'other', 'four');
    expect(await everything.line()).toMatchObject({ msg: four });
  });

  test('goes on behind an id, and from a time on', async () => {
    const records = [0, 1, 2].map((n) => mail.put('bob', 'task', `m${n}`, at + n * 1_000));
    const [byId, byTime] = [await peer(), await peer()];
    await byId.ask({ cmd: 'watch', topic: 'task', since: records[0]?.id });
    expect(await byId.line()).toMatchObject({ msg: { body: 'm1' }, lag: 1 });
    expect(await byId.line()).toMatchObject({ msg: { body: 'm2' }, lag: 0 });
    await byTime.ask({ cmd: 'watch', topic: '', since: '2026-02-09T12:00:02.000000000Z' });
    expect(await byTime.line()).toMatchObject({ msg: { body: 'm2' } });
    mail.put('bob', 'task', 'm3');
    expect(await byId.line()).toMatchObject({ msg: { body: 'm3' } });
    expect(await byTime.line()).toMatchObject({ msg: { body: 'm3' } });
  });

  test('from a time long ago misses nothing', async () => {
    for (let n = 0; n < 1_200; n += 1) mail.put('bob', 'task', `m${n}`, at + n);
    const one = await peer();
    await one.ask({ cmd: 'watch', topic: 'task', since: '2026-02-09T12:00:00.100Z' });
    for (let n = 100; n < 1_200; n += 1) expect((await one.line()).msg.body).toBe(`m${n}`);
  });

  test('says when it has nothing to say', async () => {
    await server.close();
    await serve({ pingMs: 20 });
    const one = await peer();
    await one.ask({ cmd: 'watch', topic: 'task' });
    expect(await one.line()).toEqual({ event: 'ping', lag: 0 });
    mail.put('bob', 'task', 'at last');
    const lines = [await one.line(), await one.line(), await one.line()];
    expect(lines).toContainEqual({ msg: mail.records[0], lag: 0 });
  });

  test('takes the connection over, and is let go of when its reader leaves', async () => {
    const one = await peer();
    await one.ask({ cmd: 'watch', topic: 'task' });
    one.say({ cmd: 'send', to: 'task', body: 'not heard' });
    one.say('x'.repeat(200_000));
    await until('it watches', () => mail.watches() === 1);
    one.close();
    await until('nobody watches', () => mail.watches() === 0);
    expect(mail.records).toEqual([]);
  });

  test('for a reader that takes nothing fetches nothing, and is closed with backpressure', async () => {
    await server.close();
    await serve({ stallMs: 100 });
    const body = 'x'.repeat(10_000);
    for (let n = 0; n < 2_000; n += 1) mail.put('bob', 'task', body);
    const one = await peer();
    await one.ask({ cmd: 'watch', topic: 'task', since: mail.records[0]?.id });
    one.stop();
    await until('it is let go of', () => mail.watches() === 0);
    // What the system keeps between the two is less than a tenth of what waits.
    expect(mail.handed()).toBeLessThan(200);
    one.resume();
    const lines = await one.rest();
    const last = lines.pop();
    expect(last).toMatchObject({ ok: false, error: { code: 'backpressure', retryable: true } });
    expect(lines).toHaveLength(mail.handed());
    expect(lines[0]).toMatchObject({ lag: 1_998 });
    const again = await peer();
    await again.ask({ cmd: 'watch', topic: 'task', since: lines.at(-1)?.msg.id });
    expect((await again.line()).msg.id).toBe(mail.records[lines.length + 1]?.id);
  });

  test('ends with the server', async () => {
    const one = await peer();
    await one.ask({ cmd: 'watch', topic: 'task' });
    await server.close();
    expect(await one.rest()).toEqual([]);
    expect(mail.watches()).toBe(0);
  });
});

test('few long answers are made at once, whoever asks, and short ones do not wait for them', async () => {
  await server.close();
  const desk = mail.desk('w-1');
  let [now, most] = [0, 0];
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const log: typeof desk.log = async (...args) => {
    now += 1;
    most = Math.max(most, now);
    await gate;
    now -= 1;
    return desk.log(...args);
  };
  await serve({ seats: oneSeat({ mail: { ...desk, log } }), listsAtOnce: 2 });
  const askers = await Promise.all(Array.from({ length: 6 }, peer));
  const answers = askers.map((one) => one.ask({ cmd: 'mail.log' }));
  await until('two are made', () => most === 2);
  expect(await (await peer()).ask({ cmd: 'send', to: 'task', body: 'x' })).toMatchObject({ ok: true });
  go();
  expect(await Promise.all(answers)).toHaveLength(6);
  expect(most).toBe(2);
});

test('what nests deeply is refused and ends nothing', async () => {
  const one = await peer();
  const deep = (around: string) => around.replace('$', '['.repeat(200_000) + ']'.repeat(200_000));
  for (const line of [
    '$',
    '{"cmd":"send","to":"task","body":$}',
    '{"cmd":"send","to":"task","body":"x","args":{"id":$}}',
    '{"cmd":"mail.read","args":{"id":$}}',
    '{"cmd":"status","args":{"text":$}}',
    '{"cmd":$}',
  ]) {
    expect(await one.ask(`${deep(line)}\n`)).toMatchObject({ ok: false });
  }
  expect(await one.ask({ cmd: 'ping' })).toEqual({ ok: true });
  expect(mail.records).toEqual([]);
});
