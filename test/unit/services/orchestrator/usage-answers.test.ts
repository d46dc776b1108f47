import { expect, test } from 'vitest';
import { check, type Query, type QueryAnswer, type QueryAnswerOf } from '../../../../schemas/index.ts';
import { answerQuery } from '../../../../services/orchestrator/queries.ts';
import { encode } from '../../../../shared/bus/codec.ts';
import { createDriver, type Driver, rights } from '../../shared/board/board-driver.ts';

const context = { journalSeq: 1, startedAt: 1, waiting: { task: 0, commit: 0 }, refused: {}, mailSeq: 0 };
const MESSAGE_BYTES = 1_000_000;

function ask<K extends QueryAnswer['kind']>(driver: Driver, query: Exclude<Query, { kind: 'journal' }>) {
  const answer = answerQuery(driver.board, query, context, driver.now);
  expect(check('QueryAnswer', answer)).toMatchObject({ ok: true });
  expect(encode('QueryAnswer', answer).payload.byteLength).toBeLessThan(MESSAGE_BYTES);
  return answer as QueryAnswerOf<K>;
}

const usageBy = (driver: Driver, by: 'task' | 'profile' | 'day', more: object = {}) =>
  ask<'usage'>(driver, { v: 1, kind: 'usage', by, ...more });

const run = (driver: Driver, profile: string, input_tokens: number) => {
  const grant = driver.take('w1', { capabilities: { profile } });
  driver.report('w1', { kind: 'done', ...rights(grant), outcome: 'completed', usage: { input_tokens } });
};

const setUp = (): Driver => {
  const driver = createDriver({
    profiles: { p1: { max_concurrency: 2, weight: 3, budget: { tokens: 100 } }, p2: {} },
    pools: { main: { strategy: 'weighted', profiles: ['p1', 'p2'] } },
    budgets: { task: { tokens: 50 }, project: { tokens: 1_000, per: 'day' } },
  });
  driver.add(...['a', 'b', 'c'].map((id) => ({ id, expects: 'none' as const })));
  return driver;
};

test('what was used is told by task, profile and day, with the sum and the budgets', () => {
  const driver = setUp();
  run(driver, 'p1', 45);
  run(driver, 'p2', 5);
  driver.now += 86_400_000;
  run(driver, 'p1', 10);
  const row = (key: string, runs: number, input_tokens: number) => ({ key, runs, usage: { input_tokens } });
  const project = {
    scope: 'project',
    name: 'demo',
    what: 'tokens',
    used: 10,
    limit: 1_000,
    day: '2027-01-16',
  };
  expect(usageBy(driver, 'task')).toMatchObject({
    rows: [row('a', 1, 45), row('b', 1, 5), row('c', 1, 10)],
    total: row('total', 3, 60),
    budgets: [{ scope: 'task', name: 'a', used: 45, limit: 50, level: 'warn' }, project],
  });
  expect(usageBy(driver, 'profile')).toMatchObject({
    rows: [row('p1', 2, 55), row('p2', 1, 5)],
    budgets: [{ scope: 'profile', name: 'p1', used: 55, limit: 100 }, project],
  });
  expect(usageBy(driver, 'day')).toMatchObject({
    rows: [row('2027-01-15', 2, 50), row('2027-01-16', 1, 10)],
    budgets: [project],
  });
  expect(usageBy(driver, 'profile', { since: driver.now }).rows).toEqual([row('p1', 1, 10)]);
  expect(usageBy(driver, 'day', { after: '2027-01-15' })).toMatchObject({
    rows: [row('2027-01-16', 1, 10)],
    total: row('total', 3, 60),
  });
});

test('usage of many tasks comes in pages that fit a message', () => {
  const driver = createDriver({ budgets: { task: { tokens: 1_000 } } });
  const ids = Array.from({ length: 1_500 }, (_, n) => `${'t'.repeat(50)}-${1_000 + n}`);
  for (const id of ids) {
    driver.add({ id, expects: 'none' });
    run(driver, 'p1', 999);
  }
  const first = usageBy(driver, 'task');
  const second = usageBy(driver, 'task', { after: first.next });
  expect(second.next).toBeUndefined();
  expect([...first.rows, ...second.rows].map(({ key }) => key)).toEqual(ids);
  expect(first.total).toEqual({ key: 'total', runs: 1_500, usage: { input_tokens: 1_500 * 999 } });
  expect(second.budgets).toHaveLength(500);
});

test('profiles are told with their caps, what they do and what holds them back, and pools with whose turn it was', () => {
  const driver = setUp();
  const grant = driver.take('w1', {
    capabilities: { pool: 'main', offers: [{ profile: 'p1', harness: 'command' }] },
  });
  driver.profile('p2', 'cool', { until: driver.now + 1_000, reason: 'later' });
  driver.take('w2', { capabilities: { profile: 'unknown' } });
  driver.fail('w2', { ...driver.task('b').grant!, task: 'b' } as never, {
    outcome: 'auth_failed',
    reason: '401',
  });
  expect(grant.task).toBe('a');
  expect(ask(driver, { v: 1, kind: 'profiles' })).toMatchObject({
    profiles: [
      {
        name: 'p1',
        max_concurrency: 2,
        weight: 3,
        budget: { tokens: 100 },
        live: 1,
        stopped: false,
        runs: 0,
      },
      { name: 'p2', live: 0, cooldown_until: driver.now + 1_000, reason: 'later', stopped: false },
      { name: 'unknown', stopped: true, reason: 'its login was refused: 401' },
    ],
    pools: [{ name: 'main', strategy: 'weighted', profiles: ['p1', 'p2'], last: 'p1' }],
    budgets: [{ scope: 'profile', name: 'p1', used: 0 }, { scope: 'project' }],
  });
  driver.now += 1_000;
  const { profiles } = ask<'profiles'>(driver, { v: 1, kind: 'profiles' });
  expect(profiles[1]).not.toHaveProperty('cooldown_until');
  expect(profiles[1]).not.toHaveProperty('reason');
});

test('a thousand profiles are told of in one message, with their budgets', () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `${'p'.repeat(30)}-${n}`);
  const budget = { tokens: 1_000_000, cost_usd: 12.5, per: 'day' as const };
  const driver = createDriver({
    profiles: Object.fromEntries(names.map((name) => [name, { max_concurrency: 2, weight: 2, budget }])),
  });
  for (const name of names) driver.profile(name, 'stop', { reason: 'no credit' });
  const { profiles, budgets } = ask<'profiles'>(driver, { v: 1, kind: 'profiles' });
  expect(profiles.filter(({ stopped }) => stopped)).toHaveLength(1_000);
  expect(budgets).toHaveLength(1_000);
});

test('a query of grants names the runs that must be ended', () => {
  const driver = setUp();
  const grant = driver.take('w1', { capabilities: { profile: 'p1' } });
  const halt = () => ask<'grants'>(driver, { v: 1, kind: 'grants', fences: [grant.fence] }).halt;
  expect(halt()).toBeUndefined();
  driver.usage('w1', grant.fence, { input_tokens: 100 });
  expect(halt()).toEqual([
    { fence: grant.fence, why: 'the budget of task a is used up: 100 tokens of 50 tokens used' },
  ]);
});

test('a question about times beyond all days is answered, and one that cannot be is refused', () => {
  const driver = setUp();
  run(driver, 'p1', 45);
  expect(usageBy(driver, 'day', { since: 1e300 }).rows).toEqual([]);
  const broken = { ...driver.board, tasks: undefined as never };
  expect(answerQuery(broken, { v: 1, kind: 'usage', by: 'task' }, context, driver.now)).toMatchObject({
    kind: 'refused',
    code: 'undecidable',
  });
});
