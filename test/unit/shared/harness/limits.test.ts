import { expect, test } from 'vitest';
import type { Clock } from '../../../../shared/clock.ts';
import { judgeLimits, waitForLimit } from '../../../../shared/harness/limits.ts';

/** A clock on which a sleep passes at once, after telling `onSleep` when it will be. */
function leapingClock(onSleep: (until: number) => void = () => {}): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      onSleep(now + ms);
      now += ms;
    },
  };
}

const never = new AbortController().signal;

test('without limits nothing is ever due', async () => {
  expect(judgeLimits({}, { runningMs: 1e12, silentMs: 1e12 })).toBeUndefined();
  const context = { clock: leapingClock(), lastOutputAt: () => 0, signal: never };
  expect(await waitForLimit({}, context)).toBeUndefined();
});

test('the nearer limit decides how long to wait, and each is due when its age is reached', () => {
  const limits = { timeoutMs: 1_000, silenceMs: 100 };
  expect(judgeLimits(limits, { runningMs: 950, silentMs: 20 })).toEqual({ inMs: 50 });
  expect(judgeLimits(limits, { runningMs: 500, silentMs: 20 })).toEqual({ inMs: 80 });
  expect(judgeLimits(limits, { runningMs: 500, silentMs: 100 })).toEqual({ due: 'silence' });
  expect(judgeLimits(limits, { runningMs: 1_000, silentMs: 100 })).toEqual({ due: 'wall' });
});

test('the wall limit is reached however much is said', async () => {
  const clock = leapingClock();
  const context = { clock, lastOutputAt: () => clock.monotonic(), signal: never };
  expect(await waitForLimit({ timeoutMs: 1_000, silenceMs: 100 }, context)).toBe('wall');
  expect(clock.monotonic()).toBe(1_000);
});

test('silence counts from the last output', async () => {
  let lastOutputAt = 0;
  const clock = leapingClock((until) => {
    if (until <= 300) lastOutputAt = until - 10;
  });
  const context = { clock, lastOutputAt: () => lastOutputAt, signal: never };
  expect(await waitForLimit({ silenceMs: 100 }, context)).toBe('silence');
  expect(clock.monotonic()).toBeGreaterThanOrEqual(lastOutputAt + 100);
});

test('output that waited to be read while this process was stopped breaks the silence', async () => {
  let lastOutputAt = 0;
  let sleeps = 0;
  const clock = leapingClock((until) => {
    // The first sleep runs into the limit; what had been written meanwhile is read in the second.
    if (++sleeps === 2) lastOutputAt = until;
  });
  const context = { clock, lastOutputAt: () => lastOutputAt, signal: never };
  expect(await waitForLimit({ silenceMs: 1_000 }, context)).toBe('silence');
  expect(clock.monotonic()).toBeGreaterThanOrEqual(2_000);
});

test('an ended run reaches no limit', async () => {
  const over = new AbortController();
  const clock = leapingClock(() => over.abort());
  const context = { clock, lastOutputAt: () => 0, signal: over.signal };
  expect(await waitForLimit({ timeoutMs: 1_000 }, context)).toBeUndefined();
});
