import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.ts';
import { type GateContext, runGate } from '../../../../shared/harness/gate.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { processesWith } from '../../../support/fake-harness-watch.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-gate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (line: string | string[], changes: Partial<GateContext> = {}, timeoutMs = 30_000) =>
  runGate(
    { name: 'VG-X', run: line, timeout_ms: timeoutMs },
    {
      folder,
      taskId: 't-1',
      run: 'r-1',
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin', SECRET: 's' },
      logFile: join(folder, `${randomId(8)}.log`),
      clock: systemClock,
      log: silentLog,
      graceMs: 200,
      ...changes,
    },
  );

test('a gate that ends with 0 is green, with its tail and whole log', async () => {
  const { evidence, logFile } = await run('echo one; echo two >&2');
  expect(evidence).toEqual({
    gate: 'VG-X',
    status: 'green',
    exit_code: 0,
    duration_ms: expect.any(Number),
    tail: expect.stringMatching(/^(one\ntwo|two\none)$/),
  });
  expect((await readFile(logFile, 'utf8')).length).toBe(8);
});

test('a gate that ends otherwise is red and says how', async () => {
  const { evidence } = await run(['sh', '-c', 'echo broken; exit 2']);
  expect(evidence).toMatchObject({
    status: 'red',
    exit_code: 2,
    tail: 'broken\nthe gate ended with exit code 2',
  });
});

test('a gate whose program is missing is red, not an error', async () => {
  const { evidence } = await run(['no-such-checker', '--all']);
  expect(evidence).toMatchObject({
    status: 'red',
    tail: expect.stringContaining('cannot start no-such-checker: it was not found on PATH'),
  });
  expect(evidence.exit_code).toBeUndefined();
});

test('a gate whose folder is gone is red', async () => {
  const { evidence } = await run('true', { folder: join(folder, 'gone') });
  expect(evidence).toMatchObject({ status: 'red', tail: expect.stringContaining('working directory') });
});

test('a gate that hangs is red at its timeout, and nothing of it is left', async () => {
  const marker = `marker-${randomId(10)}`;
  const { evidence } = await run(`echo go; trap '' TERM; sh -c 'sleep 60' ${marker}`, {}, 2_000);
  expect(evidence).toMatchObject({ status: 'red', tail: 'go\nthe gate ran longer than 2s' });
  expect(evidence.exit_code).toBeUndefined();
  expect(await processesWith(marker)).toEqual([]);
});

test('a red gate that floods still says how it ended, within what a report carries', async () => {
  const { evidence } = await run(
    'yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -c 1000000; exit 1',
  );
  expect(evidence.tail).toMatch(/\nthe gate ended with exit code 1$/);
  expect(Buffer.byteLength(evidence.tail!)).toBeLessThanOrEqual(8_192);
});

test('a gate sees its task, its run, CI and allowed names, and nothing else', async () => {
  const { evidence } = await run(['env'], {
    env: ['CARGO_*'],
    environment: { PATH: '/usr/bin:/bin', SECRET: 's', CARGO_HOME: '/cargo' },
  });
  const lines = evidence.tail!.split('\n').filter((line) => !/^(PWD|SHLVL|_)=/.test(line));
  expect(lines.sort()).toEqual([
    'CARGO_HOME=/cargo',
    'CI=true',
    'PATH=/usr/bin:/bin',
    'WAGGLE_RUN=r-1',
    'WAGGLE_TASK=t-1',
  ]);
});

test('an aborted gate gives no evidence', async () => {
  const control = new AbortController();
  const marker = `marker-${randomId(10)}`;
  const gate = run(`echo go; sh -c 'sleep 60' ${marker}`, {
    signal: control.signal,
    onOutput: () => control.abort('fenced'),
  });
  await expect(gate).rejects.toBe('fenced');
  expect(await processesWith(marker)).toEqual([]);
});
