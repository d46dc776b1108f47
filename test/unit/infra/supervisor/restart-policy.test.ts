import { expect, test } from 'vitest';
import { afterExit, exitText, FIRST_WAIT_MS } from '../../../../infra/supervisor/restart-policy.ts';

const crash = { exit: { code: 1 }, rule: 'always', aliveMs: 5 } as const;

test('the wait doubles from 250 ms to 10 s', () => {
  const waits: number[] = [];
  let waitMs = FIRST_WAIT_MS;
  for (let n = 0; n < 8; n += 1) {
    const next = afterExit({ ...crash, waitMs });
    if (next.kind !== 'restart') throw new Error('expected a restart');
    waits.push(next.waitMs);
    waitMs = next.nextWaitMs;
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test.each([
  { waitMs: 250, longEnoughMs: 2_000, what: 'eight short waits' },
  { waitMs: 10_000, longEnoughMs: 5_000, what: 'five seconds, however long the wait' },
])('a service that lived for $what is started again after the first one', ({ waitMs, longEnoughMs }) => {
  expect(afterExit({ ...crash, aliveMs: longEnoughMs - 1, waitMs })).toMatchObject({ waitMs });
  expect(afterExit({ ...crash, aliveMs: longEnoughMs, waitMs })).toEqual({
    kind: 'restart',
    waitMs: 250,
    nextWaitMs: 500,
  });
});

test('a signal, exit code 0 and a failed start are restarted, too', () => {
  for (const exit of [{ signal: 'SIGKILL' } as const, { code: 0 }, {}])
    expect(afterExit({ ...crash, exit, waitMs: 250 }).kind).toBe('restart');
});

test('exit code 2 ends the attempts, whatever the rule', () => {
  for (const rule of ['always', 'never'] as const)
    expect(afterExit({ ...crash, exit: { code: 2 }, rule, waitMs: 250 })).toEqual({ kind: 'give-up' });
});

test('a service that left of its own accord stays away where only failures are mended', () => {
  const rule = 'on-failure';
  expect(afterExit({ ...crash, exit: { code: 0 }, rule, waitMs: 250 })).toEqual({ kind: 'leave' });
  expect(afterExit({ ...crash, exit: { code: 1 }, rule, waitMs: 250 }).kind).toBe('restart');
  expect(afterExit({ ...crash, exit: { signal: 'SIGKILL' }, rule, waitMs: 250 }).kind).toBe('restart');
});

test('a service that is never restarted just leaves', () => {
  expect(afterExit({ ...crash, rule: 'never', waitMs: 250 })).toEqual({ kind: 'leave' });
});

test('exits are told in words', () => {
  expect(exitText({ code: 3 })).toBe('exit code 3');
  expect(exitText({ signal: 'SIGKILL' })).toBe('SIGKILL');
  expect(exitText({})).toBe('could not be started');
});
