import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import { command as commandAdapter } from '../../../../shared/harness/command.ts';
import type { HarnessContext, HarnessInput } from '../../../../shared/harness/harness-input.ts';
import { type HarnessResult, startHarness } from '../../../../shared/harness/harness-run.ts';
import { classify } from '../../../../shared/harness/outcome.ts';
import { commandProfile, type HarnessProfile } from '../../../../shared/harness/profile.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { processesWith, waitUntil } from '../../../support/fake-harness-watch.ts';

const STUBBORN = fileURLToPath(new URL('../../../support/fake-harness-stubborn.sh', import.meta.url));
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/bee' };

let folder: string;
let input: HarnessInput;
let marker: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-command-'));
  input = {
    promptFile: join(folder, 'prompt.md'),
    promptText: 'make honey',
    worktree: folder,
    records: folder,
    project: 'hive',
    taskId: 't-1',
    fence: 7,
    run: 'r-1',
    agent: 'bee',
  };
  await writeFile(input.promptFile, input.promptText);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  marker = `marker-${randomId(10)}`;
});

const profileOf = (command: readonly string[], changes: Partial<HarnessProfile> = {}): HarnessProfile =>
  commandProfile({ command, graceMs: 200, ...changes });
const contextOf = (changes: Partial<HarnessContext> = {}): HarnessContext => ({
  clock: systemClock,
  log: silentLog,
  environment,
  ...changes,
});
const sh = (line: string, changes?: Partial<HarnessProfile>) =>
  profileOf(['sh', '-c', line, marker], changes);
type Classed = HarnessResult & Pick<ReturnType<typeof classify>, 'outcome' | 'reason'>;
const start = (profile: HarnessProfile, given = input, changes?: Partial<HarnessContext>) =>
  startHarness(commandAdapter, profile, given, contextOf(changes));
const classed = async (profile: HarnessProfile, result: Promise<HarnessResult>): Promise<Classed> => {
  const done = await result;
  const { outcome, reason } = classify({
    ...done,
    expects: 'any',
    harness: 'command',
    limits: profile,
    now: systemClock.now(),
  });
  return { ...done, outcome, reason };
};
const resultOf = (profile: HarnessProfile, changes?: Partial<HarnessContext>): Promise<Classed> =>
  classed(profile, start(profile, input, changes).result);

test('exit 0 is completed, with its output counted and kept', async () => {
  const logFile = join(folder, 'run.log');
  expect(await resultOf(sh('echo working; echo done'), { logFile })).toMatchObject({
    outcome: 'completed',
    exitCode: 0,
    reason: 'the harness ended with exit code 0',
    tail: 'working\ndone',
    lastLines: 'working\ndone',
    outputBytes: 13,
    usage: { duration_ms: expect.any(Number) },
  });
  expect(await readFile(logFile, 'utf8')).toBe('working\ndone\n');
});

test('any other exit code is a crash that names the last line of output', async () => {
  expect(await resultOf(sh('echo start; echo "error: no space" >&2; exit 3'))).toMatchObject({
    outcome: 'crashed',
    exitCode: 3,
    reason: 'the harness ended with exit code 3: error: no space',
  });
});

test('a harness killed from outside has crashed', async () => {
  expect(await resultOf(sh('kill -KILL $$'))).toMatchObject({
    outcome: 'crashed',
    signal: 'SIGKILL',
    reason: 'the harness was ended by SIGKILL from outside',
  });
});

test('a harness that cannot start is an environment failure with the cause', async () => {
  expect(await resultOf(profileOf(['no-such-harness']))).toMatchObject({
    outcome: 'env_failed',
    reason: expect.stringContaining('cannot start no-such-harness: it was not found on PATH'),
  });
  const gone = { ...input, worktree: join(folder, 'gone') };
  const { result } = start(profileOf(['sh']), gone);
  expect(await classed(profileOf(['sh']), result)).toMatchObject({
    outcome: 'env_failed',
    reason: expect.stringContaining('directory'),
  });
});

test('the wall limit ends a harness that talks and ignores TERM, with all it forked', async () => {
  const profile = sh(`trap '' TERM; sh -c 'sleep 60' ${marker} & while :; do echo on; sleep 0.02; done`, {
    timeoutMs: 3_000,
    silenceMs: 60_000,
  });
  expect(await resultOf(profile)).toMatchObject({
    outcome: 'timed_out',
    signal: 'SIGKILL',
    reason: 'the harness ran longer than 3s',
  });
  expect(await processesWith(marker)).toEqual([]);
});

test('the silence limit ends a harness that says nothing more', async () => {
  const profile = sh('echo hello; exec sleep 60', { timeoutMs: 60_000, silenceMs: 2_000, graceMs: 30_000 });
  expect(await resultOf(profile)).toMatchObject({
    outcome: 'timed_out',
    signal: 'SIGTERM',
    reason: 'the harness gave no output for 2s',
    tail: 'hello',
  });
});

test('output keeps the silence limit away', async () => {
  const profile = sh('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.4; done', { silenceMs: 2_000 });
  expect(await resultOf(profile)).toMatchObject({ outcome: 'completed' });
});

test('a run that is aborted is killed, or fenced when its right has ended', async () => {
  for (const [reason, outcome] of [
    ['drained', 'killed'],
    ['fenced', 'fenced'],
    ['kill', 'killed'],
  ] as const) {
    const control = new AbortController();
    let isUp = false;
    const profile = profileOf(['sh', STUBBORN, marker], reason === 'kill' ? { graceMs: 60_000 } : {});
    const { result } = start(profile, input, {
      signal: control.signal,
      onOutput: () => {
        isUp = true;
      },
    });
    await waitUntil('the harness is up', () => isUp);
    control.abort(reason);
    expect(await classed(profile, result)).toMatchObject({
      outcome,
      reason: `the harness was stopped (${reason})`,
    });
    expect(await processesWith(marker)).toEqual([]);
  }
});

test('an abort before or during the start leaves nothing', async () => {
  expect(
    await resultOf(profileOf(['sh', STUBBORN, marker]), { signal: AbortSignal.abort('fenced') }),
  ).toMatchObject({
    outcome: 'fenced',
    outputBytes: 0,
  });
  const control = new AbortController();
  const profile = profileOf(['sh', STUBBORN, marker]);
  const { result } = start(profile, input, { signal: control.signal });
  control.abort(new Error('fenced'));
  expect(await classed(profile, result)).toMatchObject({ outcome: 'fenced' });
  expect(await processesWith(marker)).toEqual([]);
});

test('the prompt goes by file, by standard input above 128 KiB, or by argument', async () => {
  expect((await resultOf(profileOf(['cat', '{prompt_file}']))).tail).toBe('make honey');
  const long = { ...input, promptFile: join(folder, 'long.md'), promptText: 'x'.repeat(200_000) };
  await writeFile(long.promptFile, long.promptText);
  const counted = start(sh('wc -c', { prompt: 'stdin' }), long);
  expect((await counted.result).tail.trim()).toBe('200000');
  const argument = profileOf(['printf', '%s|', '{task}', '{prompt}'], { prompt: 'argument' });
  expect((await resultOf(argument)).tail).toBe('t-1|make honey|');
  const byArgument = profileOf(['cat'], { prompt: 'argument' });
  expect(await classed(byArgument, start(byArgument, long).result)).toMatchObject({
    outcome: 'env_failed',
    reason: expect.stringContaining('less than 128 KiB'),
  });
});

test('standard input is at its end when no prompt goes there', async () => {
  expect((await resultOf(sh('cat; echo end'))).tail).toBe('end');
});

test('the harness sees allowed names, fixed values and its identity, and nothing else', async () => {
  const profile = profileOf(['env'], {
    env: ['API_KEY', 'CLAUDE_*'],
    set: { MODE: 'fast', WAGGLE_TASK: 'forged' },
  });
  const run = start(
    profile,
    { ...input, socket: '/state/r-1.sock' },
    {
      environment: {
        ...environment,
        LC_ALL: 'C',
        API_KEY: 'k',
        CLAUDE_HOME: '/c',
        WAGGLE_NATS_CREDS: 'secret',
        API_KEY_2: 'secret',
        NODE_OPTIONS: 'secret',
        LANG: undefined,
      },
    },
  );
  const lines = (await run.result).tail.split('\n').filter((line) => !/^(PWD|SHLVL|_)=/.test(line));
  expect(lines.sort()).toEqual([
    'API_KEY=k',
    'CLAUDE_HOME=/c',
    'FMAIL_AGENT=bee',
    'FMAIL_PROJECT=hive',
    'HOME=/home/bee',
    'LC_ALL=C',
    'MODE=fast',
    `PATH=${environment.PATH}`,
    'WAGGLE_FENCE=7',
    'WAGGLE_PROJECT=hive',
    'WAGGLE_RUN=r-1',
    'WAGGLE_SOCKET=/state/r-1.sock',
    'WAGGLE_TASK=t-1',
  ]);
});

test('progress is told while it runs', async () => {
  const control = new AbortController();
  const run = start(sh('echo hello; exec sleep 60'), input, { signal: control.signal });
  await waitUntil('output is counted', () => run.outputBytes() === 6);
  await waitUntil('its age grows', () => run.lastOutputAgeMs() >= 50);
  expect(run.lastOutputAgeMs()).toBeLessThan(5_000);
  control.abort('drained');
  await run.result;
});

test('a worker that cannot record the group lets nothing run', async () => {
  const onStarted = () => {
    throw new Error('no space');
  };
  await expect(resultOf(profileOf(['sh', STUBBORN, marker]), { onStarted })).rejects.toThrow('no space');
  expect(await processesWith(marker)).toEqual([]);
});

test('a log that cannot be opened does not fail the run', async () => {
  const result = await resultOf(sh('echo fine'), { logFile: join(folder, 'gone', 'run.log') });
  expect(result).toMatchObject({ outcome: 'completed', tail: 'fine' });
});

test('a flood of output leaves a capped log and a bounded tail', async () => {
  const result = await resultOf(sh('yes 0123456789abcde | head -c 20000000'));
  expect(result).toMatchObject({ outcome: 'completed', outputBytes: 20_000_000 });
  expect(result.tail.split('\n')).toHaveLength(60);
});
