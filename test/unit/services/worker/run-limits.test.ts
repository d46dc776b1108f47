import { expect, test } from 'vitest';
import { RunLimits } from '../../../../services/worker/run-limits.ts';
import { passingTime } from '../../../support/quiet-board.ts';

function watch(limits: ConstructorParameters<typeof RunLimits>[0]) {
  const clock = passingTime();
  const reached: string[] = [];
  return { clock, reached, watched: new RunLimits(limits, clock, (limit) => reached.push(limit)) };
}

test('a run that takes too long is told of once its time is over, and not before', async () => {
  const { clock, reached } = watch({ timeoutMs: 1_000 });
  await clock.pass(999);
  expect(reached).toEqual([]);
  await clock.pass(1);
  expect(reached).toEqual(['wall']);
});

test('a run that is over is not told of any more', async () => {
  const { clock, reached, watched } = watch({ timeoutMs: 1_000, budget: { tokens: 1 } });
  watched.stop();
  await clock.pass(5_000);
  watched.used({ input_tokens: 5 });
  expect(reached).toEqual([]);
});

test.each([
  [{ tokens: 10 }, { input_tokens: 6, output_tokens: 3 }, []],
  [{ tokens: 10 }, { input_tokens: 6, output_tokens: 4 }, ['tokens']],
  [{ cost_usd: 0.5 }, { input_tokens: 1_000_000, cost_usd: 0.49 }, []],
  [{ cost_usd: 0.5 }, { cost_usd: 0.5 }, ['cost']],
  [{ cost_usd: 0.5 }, undefined, []],
])('with %j, having used %j: %j', (budget, usage, expected) => {
  const { reached, watched } = watch({ timeoutMs: undefined, budget });
  watched.used(usage);
  expect(reached).toEqual(expected);
});

test('a run without limits runs as long as it likes', async () => {
  const { clock, reached, watched } = watch({ timeoutMs: undefined });
  watched.used({ input_tokens: 1e12, cost_usd: 1e6 });
  await clock.pass(86_400_000);
  expect(reached).toEqual([]);
});
