import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from '../../../../../services/cli/program.ts';
import type { CurrentTask, TaskDesk } from '../../../../../shared/agent/task-desk.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { WaggleError } from '../../../../../shared/errors.ts';
import { silentLog } from '../../../../../shared/log.ts';
import { randomId } from '../../../../../shared/random.ts';
import { listenAtPath } from '../../../../../shared/socket/listen.ts';
import { oneSeat } from '../../../../../shared/socket/seats.ts';
import { type SocketServer, serveSocket } from '../../../../../shared/socket/server.ts';
import { memoryMail } from '../../../../support/memory-desk.ts';

const folder = mkdtempSync(join(tmpdir(), 'waggle-run-'));
const path = join(folder, 's');
let server: SocketServer;
let said: unknown[] = [];
let fenced = false;
let waiting: string | undefined;

const task: CurrentTask = {
  task: 't-1',
  title: 'Fix it',
  body: 'In full.\n',
  fence: 7,
  run: 'run-1',
  attempt: 2,
  expects: 'change',
  lane: 'main',
  paths: ['src'],
  labels: ['parser'],
  gates: ['VG-TEST'],
  deadline: '2026-03-01T09:00:00.000Z',
  worktree: '/state/work/run-1',
};
const note = async (...words: unknown[]) => {
  if (fenced) throw new WaggleError('refused', { message: 'fence 7 is not live any more', reason: 'fenced' });
  said.push(words);
};
const tasks: TaskDesk = {
  current: async () => task,
  progress: (text) => note('progress', text),
  done: (text) => note('done', text),
  block: (reason) => note('block', reason),
  async add(draft) {
    await note('add', draft);
    return { id: 'test-x1', state: 'open' };
  },
  next: () => Promise.reject(new WaggleError('refused', { message: 'one task only', reason: 'one-task' })),
};

beforeAll(async () => {
  server = serveSocket({
    project: 'test',
    seats: oneSeat({ mail: memoryMail().desk('w-1'), tasks, notice: () => waiting }),
    clock: systemClock,
    randomId,
    log: silentLog,
    listeners: [{ listener: await listenAtPath(path), needsProject: false }],
  });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  said = [];
  fenced = false;
  waiting = undefined;
});

/** `waggle task …` as a harness would say it. */
async function waggle(words: readonly string[], variables: Record<string, string> = { WAGGLE_SOCKET: path }) {
  let [stdout, stderr] = ['', ''];
  const code = await runProgram(['task', ...words], {
    folder,
    variables: { FMAIL_AGENT: 'w-1', FMAIL_PROJECT: 'test', WAGGLE_PROJECT: 'test', ...variables },
    stdin: Readable.from(['from a pipe']) as unknown as NodeJS.ReadStream,
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
  });
  return { code, stdout, stderr };
}
const json = async (...words: string[]) => JSON.parse((await waggle([...words, '--json'])).stdout);

describe('inside a run', () => {
  test('current shows the task', async () => {
    const { code, stdout } = await waggle(['current']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        't-1  Fix it',
        'fence 7, run run-1, attempt 2, expects change, lane main',
        'worktree: /state/work/run-1',
        'labels: parser',
        'paths: src',
        'gates: VG-TEST',
        'deadline: 2026-03-01T09:00:00.000Z',
        '',
        'In full.',
        '',
      ].join('\n'),
    );
    expect(await json('current')).toMatchObject({
      schema_version: 'sv.v1',
      command: 'task current',
      status: 'success',
      data: { id: 't-1', status: 'in_progress', state: 'claimed', ...task },
    });
  });

  test('progress, done and block say what they are given', async () => {
    expect(await waggle(['progress', 'half', 'way'])).toEqual({
      code: 0,
      stdout: 't-1: noted\n',
      stderr: '',
    });
    expect(await json('done')).toMatchObject({ data: { id: 't-1', done: true } });
    expect(await json('done', 'all', 'of', 'it')).toMatchObject({ data: { note: 'all of it' } });
    expect((await waggle(['block', 'a key is missing'])).stdout).toMatch(
      /^t-1: noted as blocked; end the run now/,
    );
    expect(await json('block', '--reason', 'no net')).toMatchObject({ data: { blocked_reason: 'no net' } });
    expect(await json('block', 'T-1', '--reason', 'no disk')).toMatchObject({ status: 'success' });
    expect(said).toEqual([
      ['progress', 'half way'],
      ['done', undefined],
      ['done', 'all of it'],
      ['block', 'a key is missing'],
      ['block', 'no net'],
      ['block', 'no disk'],
    ]);
  });

  test('add adds one task', async () => {
    const words = [
      'add',
      'More to do',
      '--body-file',
      '-',
      '--label',
      'a,b',
      '--parent',
      't-1',
      '--expects',
      'none',
    ];
    expect(await json(...words)).toMatchObject({
      data: { id: 'test-x1', status: 'open', total: 1, tasks: [{ id: 'test-x1' }] },
    });
    const draft = {
      title: 'More to do',
      body: 'from a pipe',
      labels: ['a', 'b'],
      parent: 't-1',
      expects: 'none',
    };
    expect(said).toEqual([['add', draft]]);
  });

  test.each([
    ['list', ['list', '--ready']],
    ['show', ['show', 't-2']],
    ['close', ['close', 't-1', '--no-change']],
    ['block of another task', ['block', 't-2', '--reason', 'x']],
    ['add of a file', ['add', '-f', 'tasks.yaml']],
  ])('%s needs the bus, and says so', async (_, words) => {
    const { code, stderr } = await waggle(words);
    expect(stderr).toMatch(/needs? the bus/);
    expect(code).toBe(2);
    expect(await json(...words)).toMatchObject({
      status: 'error',
      error: { details: { reason: 'needs-bus' } },
    });
    expect(said).toEqual([]);
  });

  test('next says that there is one task', async () => {
    expect(await json('next')).toMatchObject({
      status: 'error',
      error: { message: 'one task only', details: { reason: 'one-task' } },
    });
  });

  test('what cannot be said any more is an error with its reason', async () => {
    fenced = true;
    expect(await json('progress', 'late')).toMatchObject({ error: { details: { reason: 'fenced' } } });
  });

  test('block without a reason is asked for one', async () => {
    expect((await waggle(['block'])).code).toBe(2);
    expect(said).toEqual([]);
  });

  test('nobody speaks for another, nor for another project', async () => {
    const forged = await waggle(['done'], { WAGGLE_SOCKET: path, FMAIL_AGENT: 'bob' });
    expect(forged.stderr).toMatch(/agent mismatch: this socket is w-1's, not bob's/);
    const astray = await waggle(['done'], { WAGGLE_SOCKET: path, WAGGLE_PROJECT: 'other' });
    expect(astray.stderr).toMatch(/"other" was asked for, but this socket serves "test"/);
    expect([forged.code, astray.code]).not.toContain(0);
    expect(said).toEqual([]);
  });

  test('a socket that is gone is said to be', async () => {
    const { code, stderr } = await waggle(['current'], { WAGGLE_SOCKET: `${path}-gone` });
    expect(code).toBe(4);
    expect(stderr).toMatch(/the socket at .*-gone does not answer \(ENOENT\); is its worker still running\?/);
  });

  test('help names the verbs of a run', async () => {
    const { stdout } = await waggle(['--help']);
    for (const verb of ['current', 'progress', 'done', 'block', 'add', 'next'])
      expect(stdout).toMatch(` ${verb} `);
  });
});

test.each(['current', 'progress', 'done', 'next'])(
  'outside of a run there is no task for %s',
  async (verb) => {
    const { code, stderr } = await waggle([verb, 'x'], {});
    expect(code).toBe(2);
    expect(stderr).toMatch(/WAGGLE_SOCKET is not set/);
  },
);

test('that urgent mail waits is said beside the answer, on standard error', async () => {
  waiting = '1 urgent mail waits: fmail inbox';
  const { code, stdout, stderr } = await waggle(['progress', 'half', 'done']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `${waiting}\n` });
  expect(stdout).not.toContain('urgent');
});
