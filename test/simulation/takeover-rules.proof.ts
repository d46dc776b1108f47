/**
 * The rules of takeover over days of virtual time.
 */
import { expect, test } from 'vitest';
import { longWatch, type Strike, steadyRuns } from './long-watch.ts';
import type { StepKind } from './plan.ts';
import { type Outcome, World } from './world.ts';

const DAY = 24;
const MINUTES_MS = 60_000;

const watch = (seed: string, hours: number, strikes: readonly Strike[]): Promise<Outcome> =>
  new World(longWatch(seed, hours, strikes), { model: steadyRuns }).run();

test(
  'two days of workers whose harness prints steadily: never taken',
  async () => {
    const { violations, takeovers, virtualMs } = await watch('days', 2 * DAY, []);
    expect(violations).toEqual([]);
    expect(takeovers).toBe(0);
    expect(virtualMs).toBeGreaterThan(1.9 * DAY * 60 * MINUTES_MS);
  },
  30 * MINUTES_MS,
);

test(
  'two days of clocks that jump, services that are stopped and buses that restart: nobody robbed',
  async () => {
    const kinds: readonly [StepKind, string?][] = [
      ['bus-restart'],
      ['clock-jump', 'worker-1'],
      ['clock-jump', 'worker-2'],
      ['sleep', 'taker-1'],
      ['sleep', 'taker-2'],
      ['stop', 'orchestra-1'],
      ['stop', 'orchestra-2'],
      ['clock-jump', 'taker-1'],
      ['clock-jump', 'orchestra-2'],
      ['bus-clock-jump'],
      ['crash', 'orchestra-1'],
      ['crash', 'taker-1'],
    ];
    const strikes = Array.from({ length: 96 }, (_, n): Strike => {
      const [kind, target] = kinds[n % kinds.length] ?? ['bus-restart'];
      return target === undefined ? { kind } : { kind, target };
    });
    const { violations, takeovers, terms } = await watch('struck-days', 2 * DAY, strikes);
    expect(violations).toEqual([]);
    expect(takeovers).toBe(0);
    expect(terms).toBeGreaterThan(4);
  },
  30 * MINUTES_MS,
);
