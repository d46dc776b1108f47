import { describe, expect, it } from 'vitest';
import { check } from '../../../../schemas/index.ts';
import { fromImage, partsOf, toImage } from '../../../../shared/board/snapshot.ts';
import { observable } from '../../../../shared/board/state.ts';
import { createDriver, fold, rights } from './board-driver.ts';

const setUp = () => {
  const budgets = { task: { cost_usd: 5 }, project: { tokens: 1_000_000, cost_usd: 10 } };
  const driver = createDriver({ budgets, profiles: { p1: {} } });
  driver.add(...['a', 'b', 'c'].map((id) => ({ id, expects: 'none' as const })));
  return driver;
};

const absurd = [
  ['costs', { cost_usd: 1.7e308 }],
  ['tokens', { input_tokens: 1.7e308, output_tokens: 1.7e308, cached_input_tokens: 1e308 }],
  ['times', { duration_ms: 1e308 }],
  ['tokens that no double counts one by one', { input_tokens: 2 ** 53, output_tokens: 2 ** 53 - 1 }],
] as const;

describe('absurd numbers', () => {
  it.each(absurd)('of %s neither stop the journal nor its snapshots', (_, usage) => {
    const driver = setUp();
    const [one, two] = [driver.take('w1'), driver.take('w2')];
    driver.usage('w1', one.fence, usage);
    driver.report('w1', { kind: 'done', ...rights(one), outcome: 'completed', usage });
    driver.report('w2', { kind: 'failed', ...rights(two), outcome: 'crashed', reason: 'x', usage });
    driver.report('w2', { kind: 'used', ...rights(two), usage: { ...usage, cost_usd: 1e300 } });
    const image = toImage(driver.board);
    for (const part of partsOf(image)) expect(check('Snapshot', part)).toMatchObject({ ok: true });
    expect(observable(fromImage(image, driver.now))).toEqual(observable(driver.board));
    expect(observable(fold(driver.batches, 'json'))).toEqual(observable(driver.board));
  });

  it('of weights leave shares that a snapshot can hold', () => {
    const driver = createDriver({
      profiles: { p1: { weight: 1e-320 }, p2: { weight: 1e308 } },
      pools: { main: { strategy: 'weighted', profiles: ['p1', 'p2'] } },
    });
    driver.policies({ weights: { ui: 1e-320 } });
    driver.add({ id: 'a', labels: ['ui'] }, { id: 'b', labels: ['ui'] });
    for (const profile of ['p1', 'p2']) {
      driver.take(profile, { capabilities: { pool: 'main', offers: [{ profile, harness: 'command' }] } });
    }
    for (const part of partsOf(toImage(driver.board)))
      expect(check('Snapshot', part)).toMatchObject({ ok: true });
  });
});
