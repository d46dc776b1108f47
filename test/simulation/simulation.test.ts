/**
 * Whole swarms in virtual time, of fixed seeds. `npm run sim -- --minutes M` runs as many others as fit.
 */
import { describe, expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { complaint, replayCommand, shrink, simulate } from './replay.ts';

const seeds = ['3', '5', '13', '205', '307'];

describe('a swarm in trouble keeps the nine rules', () => {
  test.each(seeds)(
    'seed %s',
    async (seed) => {
      const outcome = await simulate(seed);
      expect(outcome.violations, complaint(seed, {}, outcome)).toEqual([]);
      expect(outcome.tasks).toBeGreaterThan(0);
    },
    240_000,
  );
});

test('the same seed gives the same history, and another one another', async () => {
  const limits = { steps: 12, tasks: 20 };
  const [first, second, other] = [
    await simulate('twice', limits),
    await simulate('twice', limits),
    await simulate('once', limits),
  ];
  expect(second).toEqual(first);
  expect(other.digest).not.toBe(first.digest);
}, 240_000);

test('a failure names its seed and the command that replays it, and gets smaller', async () => {
  const mutation = mutations.find(({ says }) => says === 'deps are not looked at');
  const alterations = mutation?.alterations() ?? {};
  const whole = await simulate('13', {}, { alterations });
  expect(whole.violations.map(({ rule }) => rule)).toContain(5);
  expect(complaint('13', {}, whole)).toContain('npm run sim -- --seed 13');
  const smaller = await shrink('13', new Set([5]), { alterations }, 12);
  expect(smaller.tasks).toBeLessThan(whole.tasks);
  const again = await simulate('13', smaller, { alterations });
  expect(again.violations.map(({ rule }) => rule)).toContain(5);
  expect(replayCommand('13', smaller)).toBe(
    `npm run sim -- --seed 13 --steps ${smaller.steps} --tasks ${smaller.tasks}`,
  );
}, 240_000);
