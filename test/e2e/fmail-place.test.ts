/**
 * `fmail`'s commands that are not about one's own mail, against a real hive: gc, init, completion, robot help; and what
 * it says where two projects are meant.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runFmail } from '../../services/cli/fmail/program.ts';
import type { Session } from '../../services/cli/session.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { randomId } from '../../shared/random.ts';
import { add, plain, until } from '../support/asking.ts';
import { type CommandLine, commandLine, type Said } from '../support/command-line.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { gitIn, makeRepository, temporaryFolder } from '../support/repository.ts';
import { type Ways, waysTo } from './fmail-ways.ts';

let hive: TestHive;
let ways: Ways;
let line: CommandLine;
let place: ReturnType<typeof temporaryFolder>;

beforeAll(async () => {
  hive = await startHive();
  ways = waysTo(hive);
  line = await commandLine(hive.server);
  place = temporaryFolder();
});
afterAll(async () => {
  place.remove();
  line.close();
  await ways.close();
  await hive.stop();
});

const printed = (stdout: string): Said => ({ code: 0, stdout, stderr: '' });

/** `fmail` in that folder. */
async function fmailIn(folder: string, args: readonly string[], variables: Record<string, string> = {}) {
  let [stdout, stderr] = ['', ''];
  const session: Session = {
    folder,
    variables: { PATH: process.env['PATH'], ...variables },
    stdin: Readable.from([]) as unknown as NodeJS.ReadStream,
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    signal: new AbortController().signal,
  };
  const code = await runFmail(args, session, 'anon-1');
  return { code, stdout, stderr };
}

describe('gc', () => {
  const gc = (...args: string[]) => fmailIn(line.folder, ['gc', ...args]);
  const names = streamNames(project);
  const held = async () => (await (await hive.services('swarm')).streams.info(names.mail))!;

  test('says with --dry-run what would go, and nothing without', async () => {
    const swarm = await hive.services('swarm');
    await swarm.streams.purge(names.mail, { before: (await held()).lastSeq + 1 });
    const { lastSeq } = await held();
    const at = Date.UTC(2026, 0, 1, 12);
    const old = { v: 1, kind: 'message', at, body: 'old' } as const;
    const writer = await hive.connect('writer');
    const write = (to: { kind: 'topic' | 'agent'; name: string }, more: object) =>
      sendMail(writer, project, 'writer', to, { ...old, id: randomId(), ...more });
    await write({ kind: 'topic', name: 'task' }, {});
    await write({ kind: 'agent', name: 'writer' }, {});
    await write({ kind: 'topic', name: 'task' }, { at: Date.now(), body: 'new' });
    await write({ kind: 'topic', name: 'task' }, {});
    const operator = await hive.client('operator');
    const announced = async () => {
      await add(operator, plain(`t-${randomId(6)}`));
      await operator.command({
        v: 1,
        kind: 'configure',
        id: randomId(),
        config: (await operator.query<'status'>({ v: 1, kind: 'status' })).config,
      });
    };
    await announced();
    // What is consumed and announced last stays: both must be behind these mails.
    await sendMail(
      await hive.services('swarm'),
      project,
      'orchestrator',
      { kind: 'topic', name: 'task' },
      { ...old, id: randomId(), kind: 'notice' },
    );
    const id = (n: number) => `20260101-120000-${String(lastSeq + n).padStart(4, '0')}`;
    await until('they are consumed', async () => {
      await announced();
      return (await gc('--dry-run')).stdout.includes(id(2));
    });
    expect(await gc('--dry-run')).toEqual(printed(`topics/task/${id(1)}.json\ndm/writer/${id(2)}.json\n`));
    expect((await held()).firstSeq).toBe(lastSeq + 1);
    expect(await gc('--days', '100000')).toEqual(printed(''));
    expect((await held()).firstSeq).toBe(lastSeq + 1);
    expect(await gc()).toEqual(printed(''));
    // A younger one keeps the old ones behind it: readers go on from a sequence.
    expect((await held()).firstSeq).toBe(lastSeq + 3);
    // What was announced last may still come.
    const bytes = await until('all of it fits', async () => {
      const size = (await held()).bytes;
      const said = await gc('--max-size', String(size), '--dry-run');
      expect(said).toMatchObject({ code: 0, stderr: '' });
      return said.stdout === '' && size;
    });
    const { stdout } = await gc('--max-size', String(bytes - 1), '--dry-run');
    expect(stdout).toMatch(/^topics\/task\/\d{8}-\d{6}-\d{4,}\.json\n/);
  });

  test.each([
    [['--days', '-1'], 'Error: days must be >= 0\n'],
    [['--days', 'x'], 'Error: --days: expected a whole number from 0, got "x"\n'],
    [
      ['--max-size', 'big'],
      'Error: --max-size: expected a size such as 512, 64KiB, 20MiB or 1GiB, got "big"\n',
    ],
    [['now'], 'Error: gc takes no arguments, got 1\n'],
  ])('with %j is a usage error', async (args, stderr) => {
    expect(await gc(...args)).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('init', () => {
  const file = (...folder: string[]) => join(place.path, ...folder, '.fmail', 'project.json');
  const idIn = (...folder: string[]) => JSON.parse(readFileSync(file(...folder), 'utf8')).id;

  test('writes the id once, keeps it out of commits, and prints nothing', async () => {
    const repo = makeRepository(join(place.path, 'tool'));
    gitIn(repo, 'remote', 'add', 'origin', 'git@host.test:acme/tool.git');
    mkdirSync(join(repo, 'deep'));
    expect(await fmailIn(join(repo, 'deep'), ['init'])).toEqual(printed(''));
    expect(idIn('tool')).toMatch(/^tool-[0-9a-f]{6}$/);
    expect(existsSync(file('tool', 'deep'))).toBe(false);
    expect(gitIn(repo, 'status', '--porcelain', '--untracked-files=all')).toBe('');
    const text = readFileSync(file('tool'), 'utf8');
    expect(await fmailIn(repo, ['init'])).toEqual(printed(''));
    expect(readFileSync(file('tool'), 'utf8')).toBe(text);
    expect(await fmailIn(repo, ['init', '--project', ' Mine '])).toEqual(printed(''));
    expect(idIn('tool')).toBe('mine');
    expect(await fmailIn(repo, ['init'])).toEqual(printed(''));
    expect(idIn('tool')).toBe('mine');
  });

  test.each([
    ['', 'Error: project id is required\n'],
    ['  ', 'Error: project id is required\n'],
    ['a_b', 'Error: --project: expected lower-case letters, digits and dashes (at most 63), got "a_b"\n'],
  ])('with the id %j is a usage error', async (id, stderr) => {
    mkdirSync(join(place.path, 'odd'), { recursive: true });
    expect(await fmailIn(join(place.path, 'odd'), ['init', '--project', id])).toEqual({
      code: 2,
      stdout: '',
      stderr,
    });
    expect(existsSync(file('odd'))).toBe(false);
  });

  test('takes the name of waggle.yaml, and no other', async () => {
    const folder = join(place.path, 'configured');
    mkdirSync(folder);
    writeFileSync(join(folder, 'waggle.yaml'), 'project: ours\n');
    const other = await fmailIn(folder, ['init', '--project', 'theirs']);
    expect([other.code, other.stdout, existsSync(file('configured'))]).toEqual([1, '', false]);
    expect(other.stderr).toContain('`fmail init --project ours`');
    expect(await fmailIn(folder, ['init'])).toEqual(printed(''));
    expect(idIn('configured')).toBe('ours');
  });

  test('comes before waggle init, which takes its name', async () => {
    const repo = makeRepository(join(place.path, 'both'));
    await fmailIn(repo, ['init', '--project', 'first-name']);
    const said = await line.run(['init', '--json'], { folder: repo });
    expect(JSON.parse(said.stdout)).toMatchObject({ project: 'first-name' });
    expect((await line.run(['config', 'check'], { folder: repo })).code).toBe(0);
    await fmailIn(repo, ['init']);
    writeFileSync(file('both'), '{"id":"second-name"}');
    const mismatch = await line.run(['config', 'check'], { folder: repo });
    expect([mismatch.code, mismatch.stderr]).toEqual([
      1,
      expect.stringContaining('`fmail init --project first-name` keeps first-name'),
    ]);
  });

  test('outside of a repository goes by the folder, or by FMAIL_ROOT', async () => {
    mkdirSync(join(place.path, 'Plain Notes'));
    expect(await fmailIn(join(place.path, 'Plain Notes'), ['init'])).toEqual(printed(''));
    expect(idIn('Plain Notes')).toBe('plain-notes');
    expect(await fmailIn(place.path, ['init'], { FMAIL_ROOT: 'elsewhere' })).toEqual(printed(''));
    expect(idIn('elsewhere')).toBe('elsewhere');
  });
});

describe('the bus of a project', () => {
  const sentFrom = async (folder: string, variables: Record<string, string> = {}) => {
    const said = await fmailIn(folder, ['send', 'place', 'x'], { FMAIL_AGENT: 'ann', ...variables });
    return { ...said, stdout: said.stdout.replace(/^\d{8}-\d{6}-\d{4,}\n$/, 'ID') };
  };
  const stored = { code: 0, stdout: 'ID', stderr: '' };

  test('is found by FMAIL_ROOT from anywhere, also by a relative one', async () => {
    expect(await sentFrom(place.path, { FMAIL_ROOT: line.folder })).toEqual(stored);
    expect(await sentFrom(join(line.folder, '.waggle'), { FMAIL_ROOT: '..' })).toEqual(stored);
    expect(await fmailIn(place.path, ['gc', '--dry-run'], { FMAIL_ROOT: line.folder })).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  test('is that of FMAIL_ROOT, not of the folder, where both have one', async () => {
    const here = join(place.path, 'with-bus', '.waggle');
    mkdirSync(here, { recursive: true });
    writeFileSync(join(here, 'bus.json'), '{}');
    const folder = dirname(here);
    expect(await sentFrom(folder, { FMAIL_ROOT: line.folder })).toEqual(stored);
    expect((await sentFrom(folder)).stderr).toContain(join(here, 'bus.json'));
  });

  test('is that of the folder where FMAIL_ROOT has none', async () => {
    expect(await sentFrom(line.folder, { FMAIL_ROOT: place.path })).toEqual(stored);
  });

  test('is told as unknown with each folder that was looked in', async () => {
    const said = await sentFrom(place.path, { FMAIL_ROOT: 'nowhere' });
    const nowhere = join(place.path, 'nowhere');
    expect([said.code, said.stderr]).toEqual([
      1,
      expect.stringContaining(`from ${nowhere} (FMAIL_ROOT), then from ${place.path} upward`),
    ]);
  });

  test('is found in a linked working tree outside of the main one, and so is a bridge', async () => {
    const main = makeRepository(join(place.path, 'main-tree'));
    mkdirSync(join(main, '.waggle'));
    copyFileSync(join(line.folder, '.waggle', 'bus.json'), join(main, '.waggle', 'bus.json'));
    const tree = join(place.path, 'linked-tree');
    gitIn(main, 'worktree', 'add', tree);
    mkdirSync(join(tree, 'deep'));
    expect(await sentFrom(join(tree, 'deep'))).toEqual(stored);
    rmSync(join(main, '.waggle'), { recursive: true });
    expect((await sentFrom(tree)).stderr).toContain('no bus is known');
    mkdirSync(join(main, '.fmail'));
    const { WAGGLE_SOCKET = '' } = await ways.socket.variables('ann');
    symlinkSync(WAGGLE_SOCKET, join(main, '.fmail', 'forged.sock'));
    writeFileSync(join(main, '.fmail', 'project.json'), JSON.stringify({ id: project }));
    expect(await sentFrom(tree)).toEqual(stored);
  });
});

test('nobody is the orchestrator', async () => {
  for (const args of [['send', 'task', 'x'], ['log'], ['inbox']]) {
    const said = await fmailIn(line.folder, args, { FMAIL_AGENT: 'Orchestrator' });
    expect([said.code, said.stdout, said.stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^Error: FMAIL_AGENT: orchestrator is the name of Waggle's own service/),
    ]);
  }
});

describe('a project that is not the one of this bus', () => {
  const mailFile = () => join(line.folder, '.fmail');
  const about = (text: string) => ({ code: 1, stdout: '', stderr: expect.stringContaining(text) });

  test.each([['log'], ['send', 'task', 'x'], ['who'], ['inbox']])(
    'is one clear error of %j',
    async (...args) => {
      const said = await fmailIn(line.folder, args, { FMAIL_PROJECT: 'other', FMAIL_AGENT: 'ann' });
      const bus = join(line.folder, '.waggle', 'bus.json');
      expect(said).toEqual({
        code: 1,
        stdout: '',
        stderr: `Error: project other (FMAIL_PROJECT) has no orchestrator on the bus of ${bus}, but ${project} (${bus}) has; \`export FMAIL_PROJECT=${project}\`\n`,
      });
    },
  );

  test('is told from where the file of the mail tool names it', async () => {
    await fmailIn(line.folder, ['init', '--project', 'stale']);
    expect(await fmailIn(line.folder, ['log'])).toEqual(about(`\`fmail init --project ${project}\``));
    const waggle = await line.run(['status']);
    expect([waggle.code, waggle.stderr]).toEqual([1, expect.stringContaining('project stale (')]);
    const { stdout } = await line.run(['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; error?: string }[] };
    expect(checks.find(({ name }) => name === 'leader')?.error).toContain(
      `\`fmail init --project ${project}\``,
    );
    await fmailIn(line.folder, ['init', '--project', project]);
    expect((await fmailIn(line.folder, ['log'])).code).toBe(0);
    rmSync(mailFile(), { recursive: true });
  });

  test('stays what it is where nobody else is served either', async () => {
    const url = { WAGGLE_NATS_URL: (await ways.bus.variables())['WAGGLE_NATS_URL'] ?? '' };
    const said = await fmailIn(place.path, ['log'], { ...url, FMAIL_PROJECT: 'other' });
    expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/^Error: nobody serves wg\.other\./)]);
  });

  test('is told at a socket of the folder, too', async () => {
    const folder = join(place.path, 'bridged');
    mkdirSync(join(folder, '.fmail'), { recursive: true });
    const { WAGGLE_SOCKET = '' } = await ways.socket.variables('ann');
    symlinkSync(WAGGLE_SOCKET, join(folder, '.fmail', 'forged.sock'));
    const agent = { FMAIL_AGENT: 'ann' };
    expect((await fmailIn(folder, ['log'], agent)).code).toBe(0);
    writeFileSync(join(folder, 'waggle.yaml'), 'project: ours\n');
    const said = await fmailIn(folder, ['send', 'task', 'x', '--json'], agent);
    expect([said.code, JSON.parse(said.stdout).error]).toMatchObject([1, { code: 'project-mismatch' }]);
  });

  test('named twice in the environment is refused before anything is sent', async () => {
    const variables = { FMAIL_PROJECT: 'one', WAGGLE_PROJECT: project };
    expect(await fmailIn(line.folder, ['send', 'task', 'x'], variables)).toEqual(
      about(`two projects are named: ${project} (WAGGLE_PROJECT) and one (FMAIL_PROJECT)`),
    );
  });
});

test('completion prints a script for a shell, and refuses another', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await fmailIn(place.path, ['completion', shell]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('dead-letters')]);
  }
  expect(await fmailIn(place.path, ['completion', 'csh'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'Error: expected bash, zsh or fish, got "csh"\n',
  });
});

test('the robot help is one object, wherever it is asked for', async () => {
  const said = await Promise.all(
    [['--robot-help'], ['send', '--robot-help'], ['send', 'task', 'x', '--robot-help']].map((args) =>
      fmailIn(place.path, args),
    ),
  );
  expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
  expect(said[0]?.code).toBe(0);
  expect(JSON.parse(said[0]?.stdout ?? '')).toMatchObject({
    name: 'fmail',
    commands: { trace: expect.any(Object) },
  });
});
