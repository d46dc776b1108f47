import { expect, test } from 'vitest';
import { rest } from '../../../../services/orchestrator/rest.ts';
import type { Clock } from '../../../../shared/clock.ts';

/** A clock whose sleeps end when the test says so. */
function manual() {
  const sleeps: { ms: number; end: () => void; signal: AbortSignal | undefined }[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push({ ms, end: resolve, signal });
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  return { clock, sleeps };
}

test('a rest ends with the first of its delays, at once where that is over, and within an hour', async () => {
  for (const [delays, slept] of [
    [[500, 20, 300], 20],
    [[-5, 300], 1],
    [[9e9], 3_600_000],
  ] as const) {
    const { clock, sleeps } = manual();
    const over = rest(clock, delays, () => {});
    expect(sleeps.map(({ ms }) => ms)).toEqual([slept]);
    sleeps[0]?.end();
    await over;
  }
});

test('a sleeper that is woken leaves no timer behind, and without delays only that wakes it', async () => {
  const { clock, sleeps } = manual();
  let wake = () => {};
  const over = rest(clock, [500], (given) => {
    wake = given;
  });
  wake();
  await over;
  expect(sleeps[0]?.signal?.aborted).toBe(true);
  await rest(clock, [], (given) => given());
  expect(sleeps).toHaveLength(1);
});
