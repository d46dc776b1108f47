import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import type { HarnessEvent } from '../../../../shared/harness/adapter.ts';
import { adapterOf } from '../../../../shared/harness/adapters.ts';
import type { HarnessContext, HarnessInput } from '../../../../shared/harness/harness-input.ts';
import { type HarnessRun, startHarness } from '../../../../shared/harness/harness-run.ts';
import { classify } from '../../../../shared/harness/outcome.ts';
import { commandProfile, type HarnessProfile } from '../../../../shared/harness/profile.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { processesWith, waitUntil } from '../../../support/fake-harness-watch.ts';
import { type DoubledName, doubleIn, RECORDED } from '../../../support/harness-doubles/doubles.ts';

const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/bee' };

let folder: string;
/** In the command line of every process of the test. */
let marker: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-doubles-'));
  for (const name of [...RECORDED, 'droid'] as const) doubleIn(folder, name);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  marker = `marker-${randomId(10)}`;
});

interface Running extends HarnessRun {
  readonly worktree: string;
  readonly records: string;
  readonly events: readonly HarnessEvent[];
  outcome(changed?: boolean): Promise<ReturnType<typeof classify>>;
}

async function start(
  name: DoubledName,
  prompt: string,
  changes: Partial<HarnessProfile> = {},
  more: Partial<HarnessInput> = {},
  context: Partial<HarnessContext> = {},
): Promise<Running> {
  const place = join(folder, `run-${(count += 1)}`);
  const [worktree, records] = [join(place, 'tree'), join(place, 'records')];
  for (const one of [worktree, records]) await mkdir(one, { recursive: true });
  const promptFile = join(records, 'prompt.md');
  await writeFile(promptFile, prompt);
  const profile = commandProfile({
    command: [],
    harness: name,
    program: join(folder, name),
    args: ['--marked', marker],
    graceMs: 300,
    startMs: 30_000,
    timeoutMs: 60_000,
    ...changes,
  });
  const events: HarnessEvent[] = [];
  const run = startHarness(
    adapterOf(name),
    profile,
    {
      promptFile,
      promptText: prompt,
      worktree,
      records,
      project: 'hive',
      taskId: 't-1',
      fence: 7,
      run: 'r-1',
      agent: 'bee',
      ...more,
    },
    {
      clock: systemClock,
      log: silentLog,
      environment,
      logFile: join(records, 'output.log'),
      transcriptFile: join(records, 'transcript.txt'),
      onEvent: (event) => void events.push(event),
      ...context,
    },
  );
  const outcome = async (changed = false) =>
    classify({
      ...(await run.result),
      changed,
      expects: 'change',
      harness: name,
      limits: profile,
      now: systemClock.now(),
    });
  return { ...run, worktree, records, events, outcome };
}

const isBusy = ({ events }: Running): boolean =>
  events.some(({ kind }) => kind === 'tool' || kind === 'text');
const gone = async (): Promise<void> => expect(await processesWith(marker)).toEqual([]);

describe.each(RECORDED)('%s', (name) => {
  test('does its work and is read', async () => {
    const run = await start(name, 'Make honey.\n');
    const { signs, usage, tail } = await run.result;
    expect(await run.outcome(true)).toMatchObject({ outcome: 'completed' });
    expect(await readFile(join(run.worktree, 'new.txt'), 'utf8')).toBe('written by it\n');
    expect(usage.input_tokens).toBeGreaterThan(1_000);
    expect(signs.session).toBe(run.session());
    expect(tail).toContain('→ ');
    expect(tail).toMatch(/^All is done\.$/m);
    expect(await readFile(join(run.records, 'transcript.txt'), 'utf8')).toContain('All is done.\n');
    expect(await readFile(join(run.records, 'output.log'), 'utf8')).toContain('"type"');
  });

  test('is told something while it works, goes on in its conversation, and its usage adds up', async () => {
    const run = await start(name, 'DOUBLE: stall\n');
    await waitUntil('it works', () => isBusy(run));
    const session = run.session();
    const before = run.usage()?.input_tokens ?? 0;
    expect(await run.steer('Use the other door.\nDOUBLE: edit')).toBe('now');
    const { end, signs, usage, unheard } = await run.result;
    expect(end).toEqual({ how: 'exited', exitCode: 0 });
    expect(signs.session).toBe(session);
    expect(usage.input_tokens).toBeGreaterThan(before + 1_000);
    expect(unheard).toEqual([]);
    const told = await readFile(join(run.records, 'steer-1.md'), 'utf8');
    expect(told.startsWith('## Interrupt Context\n')).toBe(true);
    expect(told).toContain('Use the other door.');
    await gone();
  });

  test('that hangs while it tries a limit again is limited, not slow', async () => {
    const run = await start(name, 'DOUBLE: retrying\n', { silenceMs: 3_000 });
    expect(await run.outcome()).toMatchObject({ outcome: 'rate_limited' });
    await gone();
  });

  test('that never gives a sign of life is ended after its start time', async () => {
    const run = await start(name, 'DOUBLE: silent\n', { startMs: 300 });
    expect((await run.result).end).toMatchObject({ how: 'limit', limit: 'start' });
    expect(await run.outcome()).toMatchObject({
      outcome: 'env_failed',
      reason: 'the harness gave no sign of life in time after its start',
    });
    await gone();
  });

  test('that ends before its first sign of life is told of with what it complained of', async () => {
    const run = await start(name, 'DOUBLE: broken\n');
    expect(await run.outcome()).toMatchObject({
      outcome: 'env_failed',
      reason: 'the harness ended with exit code 2: error: the configuration cannot be read',
    });
  });
});

test('a crash is told of with the last words of standard error', async () => {
  const run = await start('claude', 'DOUBLE: crash\n');
  expect(await run.outcome()).toMatchObject({
    outcome: 'crashed',
    reason: 'the harness ended with exit code 134: fatal: out of memory',
  });
});

test('a kill ends one that ignores TERM at once, also while it is being interrupted', async () => {
  const control = new AbortController();
  const run = await start(
    'claude',
    'DOUBLE: stubborn\n',
    { graceMs: 60_000 },
    {},
    { signal: control.signal },
  );
  await waitUntil('it works', () => isBusy(run));
  const steered = run.steer('Stop that.');
  control.abort('kill');
  expect(await steered).toBe('next_run');
  expect((await run.result).end).toMatchObject({ how: 'stopped', reason: 'kill', signal: 'SIGKILL' });
  expect(await run.outcome()).toMatchObject({ outcome: 'killed' });
  await gone();
});

test('one that ignores TERM is interrupted after its grace', async () => {
  const run = await start('claude', 'DOUBLE: stubborn\n', { graceMs: 200 });
  await waitUntil('it works', () => isBusy(run));
  expect(await run.steer('DOUBLE: edit')).toBe('now');
  expect((await run.result).end).toEqual({ how: 'exited', exitCode: 0 });
  await gone();
});

test('a limit that is reached while it is interrupted holds: no other process begins', async () => {
  const run = await start('claude', 'DOUBLE: stubborn\n', { graceMs: 500 });
  await waitUntil('it works', () => isBusy(run));
  const steered = run.steer('DOUBLE: edit');
  run.reach('wall');
  expect(await steered).toBe('next_run');
  expect((await run.result).end).toEqual({ how: 'limit', limit: 'wall' });
  expect(await run.outcome()).toMatchObject({ outcome: 'timed_out' });
  await gone();
});

test('words that come before its first are told with the task, in a conversation of its own', async () => {
  const run = await start('claude', 'DOUBLE: retrying\nMake honey.\n');
  await waitUntil('it is up', () => run.session() !== undefined);
  const first = run.session();
  expect(await run.steer('DOUBLE: retrying\nUse the other door.')).toBe('now');
  const told = await readFile(join(run.records, 'steer-1.md'), 'utf8');
  expect(told.indexOf('Use the other door.')).toBeLessThan(told.indexOf('Make honey.'));
  await waitUntil('it is up again', () => run.session() !== first);
  expect(await run.steer('DOUBLE: edit\nAnd hurry.')).toBe('now');
  expect((await run.result).end).toEqual({ how: 'exited', exitCode: 0 });
  const both = await readFile(join(run.records, 'steer-2.md'), 'utf8');
  for (const words of ['And hurry.', 'Use the other door.', 'Make honey.']) expect(both).toContain(words);
});

test('words that come when it has ended are for the next run', async () => {
  const run = await start('claude', 'Make honey.\n');
  await run.result;
  expect(await run.steer('Use the other door.')).toBe('next_run');
});

test('words that come with its own end are told, or are for the next run', async () => {
  let run: Running | undefined;
  let steered: Promise<string> | undefined;
  const onEvent = (event: HarnessEvent) => {
    if (event.kind === 'end') steered ??= run!.steer('Use the other door.');
  };
  run = await start('pi', 'Make honey.\n', {}, {}, { onEvent });
  const { end, unheard } = await run.result;
  // It may still be there to be interrupted, and is told then; or it is gone, and they are kept for the next run.
  expect(['now', 'next_run']).toContain(await steered);
  const wasTold = (await readdir(run.records)).includes('steer-1.md');
  expect([await steered, end.how, unheard]).toEqual([wasTold ? 'now' : 'next_run', 'exited', []]);
});

test('a conversation that is lost begins anew, with the words and the task', async () => {
  const run = await start('claude', 'Make honey.\nDOUBLE: stall\n', { set: { DOUBLE_LOST: '1' } });
  await waitUntil('it works', () => isBusy(run));
  expect(await run.steer('DOUBLE: question\nUse the other door.')).toBe('now');
  expect(await run.outcome()).toMatchObject({ outcome: 'needs_input' });
  expect((await run.result).unheard).toEqual([]);
  const told = await readFile(join(run.records, 'steer-2.md'), 'utf8');
  expect(told.startsWith('## Interrupt Context\n')).toBe(true);
  for (const words of ['Use the other door.', '→ Write new.txt', 'Make honey.'])
    expect(told).toContain(words);
});

test('a conversation that begins anew is told of the task in hand, not of its first', async () => {
  const promptNow = () => 'Make wax.';
  const set = { DOUBLE_LOST: '1' };
  const run = await start('claude', 'Make honey.\nDOUBLE: stall\n', { set }, {}, { promptNow });
  await waitUntil('it works', () => isBusy(run));
  expect(await run.steer('DOUBLE: question\nUse the other door.')).toBe('now');
  await run.result;
  const told = await readFile(join(run.records, 'steer-2.md'), 'utf8');
  expect(told).toContain('Make wax.');
  expect(told).not.toContain('Make honey.');
});

test.each(RECORDED)('%s begins anew where the conversation of an earlier run is lost', async (name) => {
  const run = await start(name, 'Make honey.\n', { set: { DOUBLE_LOST: '1' } }, { resume: 's-gone' });
  expect(await run.outcome(true)).toMatchObject({ outcome: 'completed' });
  expect(run.session()).not.toBe('s-gone');
});

test.each(RECORDED)('%s goes on in the conversation of an earlier run', async (name) => {
  const run = await start(name, 'Make honey.\n', {}, { resume: 's-there' });
  expect(await run.outcome(true)).toMatchObject({ outcome: 'completed' });
  expect(run.session()).toBe('s-there');
});

test('words that reached nobody come back', async () => {
  // It comes up only once.
  const run = await start('claude', 'DOUBLE: stall\n');
  await waitUntil('it works', () => isBusy(run));
  expect(await run.steer('DOUBLE: broken\nUse the other door.')).toBe('now');
  const { end, unheard } = await run.result;
  expect(end).toEqual({ how: 'exited', exitCode: 2 });
  expect(unheard).toEqual(['DOUBLE: broken\nUse the other door.']);
});

test('all that it may use is a limit of its own', async () => {
  const run = await start('claude', 'DOUBLE: stall\n', {}, { limits: { tokens: 1_000 } });
  expect((await run.result).end).toMatchObject({ how: 'limit', limit: 'tokens' });
  expect(await run.outcome()).toMatchObject({
    outcome: 'timed_out',
    reason: 'the harness used all the tokens that it may use',
  });
  await gone();
});

test('the wall limit goes on over an interruption', async () => {
  const run = await start('claude', 'DOUBLE: stall\n', { timeoutMs: 8_000 });
  await waitUntil('it works', () => isBusy(run));
  expect(await run.steer('DOUBLE: stall')).toBe('now');
  const { end, durationMs } = await run.result;
  expect(end).toMatchObject({ how: 'limit', limit: 'wall' });
  expect(durationMs).toBeGreaterThanOrEqual(7_990);
  expect(durationMs).toBeLessThan(12_000);
});

test('a harness that cannot be told anything answers so', async () => {
  const run = startHarness(
    adapterOf('command'),
    commandProfile({ command: ['sh', '-c', 'cat'], prompt: 'stdin' }),
    {
      promptFile: join(folder, 'claude'),
      promptText: '',
      worktree: folder,
      records: folder,
      project: 'hive',
      taskId: 't-1',
      fence: 7,
      run: 'r-1',
      agent: 'bee',
    },
    { clock: systemClock, log: silentLog, environment },
  );
  expect(await run.steer('x')).toBe('next_run');
  await run.result;
});

test('files of a start are for its owner alone, and a folder is searched before all others', async () => {
  const waggle = ['/usr/bin/node', '/opt/waggle.js'] as const;
  const run = await start(
    'claude',
    'Make honey.\n',
    { mcp: true, program: 'claude' },
    { waggle, path: folder },
  );
  expect((await run.result).end).toEqual({ how: 'exited', exitCode: 0 });
  expect((await stat(join(run.records, 'claude-mcp.json'))).mode & 0o777).toBe(0o600);
});
