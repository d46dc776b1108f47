import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOf, type Tally, workThrough } from '../support/claimant.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
beforeAll(async () => {
  hive = await startHive();
  await hive.configure({ roles: { operator: 'operator' } });
});
afterAll(() => hive.stop());

test('50 concurrent claimers take 1,000 tasks: 1,000 grants, never two live on one task, every task closed', async () => {
  const operator = await hive.client('operator');
  const tasks = Array.from({ length: 1_000 }, (_, index) => ({
    id: `t-${index}`,
    title: `task ${index}`,
    expects: 'none' as const,
  }));
  for (let from = 0; from < tasks.length; from += 200) {
    const id = `add-${from}`;
    const answer = await operator.command({ v: 1, kind: 'add', id, tasks: tasks.slice(from, from + 200) });
    expect(answer.message ?? answer.status).toBe('ok');
  }
  const tally: Tally = { grants: [], live: new Map(), doubles: [] };
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const claimer = await hive.claimer(`w-${index}`);
      await workThrough(claimer, tally);
    }),
  );
  expect(tally.doubles).toEqual([]);
  expect(tally.grants).toHaveLength(1_000);
  expect(new Set(tally.grants.map(runOf)).size).toBe(1_000);
  const counts = await operator.query({ v: 1, kind: 'counts' });
  expect(counts.states).toEqual({ closed: 1_000 });
}, 60_000);
