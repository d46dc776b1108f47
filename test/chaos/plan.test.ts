/**
 * The plan of chaos: what a seed decides.
 */
import { describe, expect, test } from 'vitest';
import { chaosPlan, type Fault, faultKinds } from './plan.ts';
import { tracesOf } from './tasks.ts';

const members = {
  workers: ['w1', 'w2', 'w3'],
  orchestrators: ['orchestrator', 'orchestrator-2'],
  committers: ['committer', 'committer-2'],
  takers: ['stale-takeover', 'stale-takeover-2'],
  cramped: 'w1',
};
const LEASE_MS = 3_000;
const planOf = (seed: string, seconds: number) => chaosPlan(seed, seconds * 1_000, LEASE_MS, members);
const kindsOf = (faults: readonly Fault[]) => new Set(faults.map(({ kind }) => kind));
const drawn = ['1', '2', '3', 'four', 'five', '66', '777', 'eight'];

test('the same seed gives the same plan, and another one another', () => {
  expect(planOf('7', 60)).toEqual(planOf('7', 60));
  expect(planOf('7', 60).faults).not.toEqual(planOf('8', 60).faults);
});

describe('of every seed', () => {
  test.each(drawn)('%s: thirty seconds hold each kind of fault', (seed) => {
    expect(kindsOf(planOf(seed, 30).faults)).toEqual(new Set(faultKinds));
  });

  test.each(drawn)('%s: no fault outlasts the time, and each comes in its order', (seed) => {
    const { faults, words, batches } = planOf(seed, 45);
    for (const { at, lengthMs } of faults) {
      expect(lengthMs).toBeGreaterThanOrEqual(0);
      expect(at + lengthMs).toBeLessThanOrEqual(45_000);
    }
    for (const times of [faults, words, batches].map((list) => list.map(({ at }) => at)))
      expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  test.each(drawn)('%s: half an hour strikes every process, for shorter and longer than a lease', (seed) => {
    const { faults } = planOf(seed, 1_800);
    const { workers, orchestrators, committers, takers } = members;
    for (const kind of ['kill', 'short-stop', 'long-stop', 'cut', 'half-open'] as const) {
      const struck = new Set(faults.filter((fault) => fault.kind === kind).map(({ target }) => target));
      for (const name of [...workers, ...orchestrators, ...committers, ...takers])
        expect(struck, kind).toContain(name);
    }
    const stops = (kind: string) =>
      faults.filter((fault) => fault.kind === kind && fault.at + 3 * LEASE_MS < 1_800_000);
    expect(Math.max(...stops('short-stop').map(({ lengthMs }) => lengthMs))).toBeLessThan(LEASE_MS);
    expect(Math.min(...stops('long-stop').map(({ lengthMs }) => lengthMs))).toBeGreaterThan(LEASE_MS);
    expect(new Set(faults.flatMap(({ lost }) => lost ?? []))).toEqual(new Set(['up', 'down', 'both']));
  });
});

test('tasks come steadily, wait only for earlier ones, and conflict, fail and overlap', () => {
  const { batches } = planOf('7', 300);
  const tasks = batches.flatMap((batch) => batch.tasks);
  const known = new Set<string>();
  for (const { id, deps = [] } of tasks) {
    for (const dep of deps) expect(known).toContain(dep);
    known.add(id);
  }
  expect(known.size).toBe(tasks.length);
  for (const mark of ['.slow', '.flaky', '.shared1', '.shared2', '.ina', '.inb'])
    expect(tasks.filter(({ id }) => id.includes(mark)).length, mark).toBeGreaterThan(3);
  expect(tasks.some(({ heavy }) => heavy === true)).toBe(true);
  expect(new Set(tasks.map(({ lane }) => lane))).toEqual(new Set(['main', 'side']));
});

test('what a task must leave is told by its id', () => {
  expect(tracesOf('t7.inb.slow.shared2')).toEqual({
    file: 'src/b/t7.inb.slow.shared2.txt',
    text: 't7.inb.slow.shared2 begun\nt7.inb.slow.shared2 ended\n',
    sharedFile: 'shared/2.txt',
  });
  expect(tracesOf('t8')).toEqual({ file: 'free/t8.txt', text: 't8 begun\nt8 ended\n' });
});
