import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import {
  type GuardedEnd,
  type GuardedOptions,
  type GuardedProcess,
  type OutputChunk,
  startGuarded,
} from '../../../../shared/harness/guarded-process.ts';
import { randomId } from '../../../../shared/random.ts';
import { buildProgram } from '../../../support/fake-harness-build.ts';
import { expectRunning, processesWith, waitUntil } from '../../../support/fake-harness-watch.ts';

const STUBBORN = fileURLToPath(new URL('../../../support/fake-harness-stubborn.sh', import.meta.url));
const PATH = '/usr/local/bin:/usr/bin:/bin';

let folder: string;
let worker: string;
let marker: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-guarded-'));
  worker = await buildProgram(
    new URL('../../../support/fake-harness-worker.ts', import.meta.url),
    join(folder, 'built'),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  marker = `marker-${randomId(10)}`;
});

interface Collected {
  readonly guarded: GuardedProcess;
  stdout(): string;
  stderr(): string;
}

async function start(argv: readonly string[], changes: Partial<GuardedOptions> = {}): Promise<Collected> {
  const chunks: OutputChunk[] = [];
  const text = (stream: string) =>
    Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes)).toString();
  const guarded = await startGuarded({
    argv,
    cwd: folder,
    env: { PATH },
    graceMs: 200,
    clock: systemClock,
    onOutput: (chunk) => {
      chunks.push(chunk);
    },
    ...changes,
  });
  return { guarded, stdout: () => text('stdout'), stderr: () => text('stderr') };
}

async function run(
  argv: readonly string[],
  changes: Partial<GuardedOptions> = {},
): Promise<GuardedEnd & { stdout: string; stderr: string }> {
  const { guarded, stdout, stderr } = await start(argv, changes);
  const end = await guarded.exited;
  return { ...end, stdout: stdout(), stderr: stderr() };
}

async function script(name: string, text: string, mode = 0o755): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

test('exit code and both streams of a program arrive', async () => {
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
    exitCode: 7,
    stdout: 'out\n',
    stderr: 'err\n',
  });
});

test('an exit code above 128 is not taken for a signal, nor a signal for a code', async () => {
  expect(await run(['sh', '-c', 'exit 137'])).toMatchObject({ exitCode: 137 });
  const killed = await run(['sh', '-c', 'kill -KILL $$']);
  expect(killed.signal).toBe('SIGKILL');
  expect(killed.exitCode).toBeUndefined();
});

test('output of a program that ends at once is never lost', async () => {
  const runs = Array.from({ length: 20 }, () => run(['sh', '-c', 'echo out; echo err >&2']));
  for (const { stdout, stderr } of await Promise.all(runs))
    expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
});

test('the output streams can be opened by name', async () => {
  const end = await run(['sh', '-c', 'echo a > /dev/stdout; echo b > /dev/stderr; tty < /dev/stdin']);
  expect(end).toMatchObject({ stdout: 'a\nnot a tty\n', stderr: 'b\n' });
});

test('where no fifo can be made, output arrives through the pipes of Node', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    const runs = Array.from({ length: 10 }, () => run(['sh', '-c', 'echo out; echo err >&2']));
    for (const { stdout, stderr } of await Promise.all(runs))
      expect([stdout, stderr]).toEqual(['out\n', 'err\n']);
  } finally {
    process.env.PATH = path;
  }
});

test('standard input is empty unless something is given', async () => {
  expect(await run(['sh', '-c', 'cat; echo end'])).toMatchObject({ stdout: 'end\n' });
});

test('standard input takes text of any length, bytes, and files', async () => {
  const long = `${'x'.repeat(300_000)}é`;
  expect((await run(['cat'], { stdin: long })).stdout).toBe(long);
  expect((await run(['cat'], { stdin: Buffer.from('bytes') })).stdout).toBe('bytes');
  const file = await script('input', 'from a file');
  expect((await run(['cat', '/dev/stdin'], { stdin: { file } })).stdout).toBe('from a file');
});

test('a program that never reads its input does not fail for it', async () => {
  expect(await run(['sh', '-c', 'exit 0'], { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
});

test('the environment is what is given and nothing of our own', async () => {
  const { stdout } = await run(['env'], { env: { PATH, A: 'one two', B: '' } });
  const names = stdout
    .trim()
    .split('\n')
    .filter((line) => !/^(PWD|SHLVL|_)=/.test(line));
  expect(names.sort()).toEqual(['A=one two', 'B=', `PATH=${PATH}`]);
});

test('arguments arrive as they are', async () => {
  const args = ['', ' a  b ', '$HOME', '"q"', "'s'", 'é\nline', '--', '-n'];
  const { stdout } = await run(['sh', '-c', 'for a; do printf "%s|" "$a"; done', 'name', ...args]);
  expect(stdout).toBe(args.map((arg) => `${arg}|`).join(''));
});

test('no descriptor of ours leaks into the program', async () => {
  const { stdout } = await run([
    'sh',
    '-c',
    '(: <&3) 2>/dev/null || echo no 3; (: >&4) 2>/dev/null || echo no 4',
  ]);
  expect(stdout).toBe('no 3\nno 4\n');
});

test('a program on PATH is found by the PATH of the child', async () => {
  await script('only-here', '#!/bin/sh\necho found\n');
  expect(await run(['only-here'], { env: { PATH: `/nowhere:${folder}:/usr/bin:/bin` } })).toMatchObject({
    stdout: 'found\n',
  });
  expect(await run(['./only-here'])).toMatchObject({ stdout: 'found\n' });
});

test('each way not to start is named', async () => {
  const plain = await script('plain', 'text', 0o644);
  const orphan = await script('orphan', '#!/nowhere/interpreter\n');
  const failure = async (argv: readonly string[], changes: Partial<GuardedOptions> = {}) => {
    const error = await start(argv, changes).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'start-failed' });
    return error!.message;
  };
  expect(await failure(['no-such-program'])).toMatch(
    /^cannot start no-such-program: it was not found on PATH/,
  );
  expect(await failure(['/no/such'])).toBe('cannot start /no/such: there is no such file');
  expect(await failure([plain])).toContain(`${plain} is not executable`);
  expect(await failure([orphan])).toMatch(/cannot start .*orphan: .*(not found|cannot execute)/);
  expect(await failure(['sh'], { cwd: join(folder, 'gone') })).toContain('working directory');
  expect(await failure(['sh'], { stdin: { file: join(folder, 'gone') } })).toContain('ENOENT');
  expect(await failure(['sh', ...Array.from({ length: 40 }, () => 'x'.repeat(120_000))])).toContain(
    'too long',
  );
  expect(await processesWith(orphan)).toEqual([]);
});

test('a program that itself ends with 127 has started', async () => {
  expect(await run(['sh', '-c', 'no-such-command-at-all'])).toMatchObject({ exitCode: 127 });
});

test('stop ends a program that ignores TERM, and all it forked', async () => {
  const { guarded, stdout } = await start(['sh', STUBBORN, marker]);
  await waitUntil('the harness is up', () => stdout() === 'up\n');
  await expectRunning(marker, 3);
  expect(await guarded.stop('drained')).toEqual({ signal: 'SIGKILL', endedBy: 'drained' });
  expect(await processesWith(marker)).toEqual([]);
});

test('stop leaves a program its grace to end well', async () => {
  const { guarded, stdout } = await start(
    ['sh', '-c', 'trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done'],
    { graceMs: 5_000 },
  );
  await waitUntil('the harness is up', () => stdout() === 'up\n');
  expect(await guarded.stop('drained')).toEqual({ exitCode: 3, endedBy: 'drained' });
  expect(stdout()).toBe('up\nbye\n');
});

test('a second stop without grace cuts the first one short', async () => {
  const { guarded, stdout } = await start(['sh', STUBBORN, marker], { graceMs: 60_000 });
  await waitUntil('the harness is up', () => stdout() === 'up\n');
  const first = guarded.stop('drained');
  expect(await guarded.stop('kill', 0)).toMatchObject({ endedBy: 'drained' });
  await first;
  expect(await processesWith(marker)).toEqual([]);
});

test('what a program leaves behind in its group ends with it', async () => {
  const leave = `sh -c 'trap "" TERM; while :; do sleep 0.05; done' ${marker} & sh -c 'sleep 60' ${marker} & exit 4`;
  expect(await run(['sh', '-c', leave])).toMatchObject({ exitCode: 4 });
  expect(await processesWith(marker)).toEqual([]);
});

test('a descendant outside the group that holds the output does not hold the end', async () => {
  const leave = `use POSIX; if (fork) { print "up\\n"; exit 0 } setsid; exec "sh", "-c", "sleep 3", "${marker}"`;
  const end = await run(['perl', '-e', leave]);
  expect(end).toMatchObject({ exitCode: 0, stdout: 'up\n' });
  for (const pid of await processesWith(marker)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
});

test('a lost guard ends the program', async () => {
  const { guarded, stdout } = await start(['sh', STUBBORN, marker]);
  await waitUntil('the harness is up', () => stdout() === 'up\n');
  process.kill(guarded.guardPid, 'SIGKILL');
  expect(await guarded.exited).toEqual({ signal: 'SIGKILL', endedBy: 'guard-lost' });
  expect(await processesWith(marker)).toEqual([]);
});

test('a program that kills its whole group leaves nothing, not even its guard', async () => {
  const { guarded } = await start(['sh', '-c', 'kill -KILL 0']);
  expect(await guarded.exited).toEqual({ signal: 'SIGKILL' });
  expect(() => process.kill(guarded.guardPid, 0)).toThrow('ESRCH');
});

test('a failing consumer of output ends the program, and its error is the end', async () => {
  const { guarded } = await start(['sh', '-c', `echo up; sleep 60`, marker], {
    onOutput: () => {
      throw new Error('disk full');
    },
  });
  await expect(guarded.exited).rejects.toThrow('disk full');
  expect(await processesWith(marker)).toEqual([]);
});

test('300 MB of output pass through a slow consumer without growing memory', async () => {
  let bytes = 0;
  let peak = 0;
  const before = process.memoryUsage().rss;
  const { guarded } = await start(['sh', '-c', 'head -c 300000000 /dev/zero'], {
    onOutput: async (chunk) => {
      bytes += chunk.bytes.length;
      peak = Math.max(peak, process.memoryUsage().rss - before);
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  expect(await guarded.exited).toEqual({ exitCode: 0 });
  expect(bytes).toBe(300_000_000);
  expect(peak).toBeLessThan(192 * 1024 * 1024);
});

/** A worker stand-in whose harness is up, killed -9. Gives its output up to then. */
async function startWorker(argv: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [worker, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('nothing outlives a worker that was killed -9 for long, whatever grace it gives', async () => {
  const child = await startWorker(['sh', STUBBORN, marker]);
  // The worker itself carries the marker too.
  await expectRunning(marker, 4);
  child.kill('SIGKILL');
  await waitUntil(
    'all of the harness is gone',
    async () => (await processesWith(marker)).length === 0,
    15_000,
  );
});

test('a guard gives a harness whose worker died the chance to end well', async () => {
  const file = join(folder, marker);
  // Nobody reads its output any more: a shell that reports its ended child would die of that first.
  const end = `trap '' PIPE; trap 'echo bye > ${file}; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
  const child = await startWorker(['/bin/sh', '-c', end, marker]);
  child.kill('SIGKILL');
  await waitUntil('all of the harness is gone', async () => (await processesWith(marker)).length === 0);
  expect(await readFile(file, 'utf8')).toBe('bye\n');
});

test('a worker killed -9 at any moment of a start leaves nothing running', async () => {
  for (const delayMs of [40, 50, 55, 60, 65, 70, 75, 80, 90, 110]) {
    const child = spawn(process.execPath, [worker, STUBBORN, marker], { stdio: 'ignore' });
    setTimeout(() => child.kill('SIGKILL'), delayMs);
    await once(child, 'exit');
  }
  await waitUntil('all are gone', async () => (await processesWith(marker)).length === 0, 15_000);
});

test('the fifos of a run leave no trace', async () => {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = join(folder, 'temporary');
  try {
    await mkdir(process.env.TMPDIR);
    await run(['true']);
    expect(await readdir(process.env.TMPDIR)).toEqual([]);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});
