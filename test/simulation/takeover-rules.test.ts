/**
 * The rules of takeover under virtual time: hours here, days in `takeover-rules.proof.ts`.
 */
import { expect, test } from 'vitest';
import { longWatch, type Strike, steadyRuns } from './long-watch.ts';
import { type Outcome, World } from './world.ts';

const watch = (seed: string, hours: number, strikes: readonly Strike[]): Promise<Outcome> =>
  new World(longWatch(seed, hours, strikes), { model: steadyRuns }).run();

test('workers whose harness prints steadily are never taken', async () => {
  const { violations, takeovers, virtualMs } = await watch('steady', 0.95, []);
  expect(violations).toEqual([]);
  expect(takeovers).toBe(0);
  expect(virtualMs).toBeGreaterThan(0.9 * 3_600_000);
}, 240_000);

test('clocks that jump, services that are stopped and buses that restart rob nobody', async () => {
  const strikes: readonly Strike[] = [
    { kind: 'clock-jump', target: 'worker-1' },
    { kind: 'clock-jump', target: 'taker-1' },
    { kind: 'bus-restart' },
    { kind: 'sleep', target: 'taker-1' },
    { kind: 'stop', target: 'orchestra-1' },
    { kind: 'bus-clock-jump' },
    { kind: 'clock-jump', target: 'orchestra-1' },
    { kind: 'sleep', target: 'orchestra-2' },
    { kind: 'bus-restart' },
    { kind: 'stop', target: 'taker-2' },
  ];
  const { violations, takeovers, terms } = await watch('struck', 0.95, strikes);
  expect(violations).toEqual([]);
  expect(takeovers).toBe(0);
  expect(terms).toBeGreaterThan(1);
}, 240_000);

test('a worker whose machine sleeps for leases is taken, with the evidence that its rule asks for', async () => {
  const strikes: readonly Strike[] = Array.from({ length: 4 }, () => ({ kind: 'sleep', target: 'worker-1' }));
  const { violations, takeovers } = await watch('asleep', 0.95, strikes);
  expect(violations).toEqual([]);
  expect(takeovers).toBeGreaterThan(0);
}, 240_000);
