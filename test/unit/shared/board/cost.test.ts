import { describe, expect, it } from 'vitest';
import type { Capabilities, TaskSpec } from '../../../../schemas/index.ts';
import { createDriver } from './board-driver.ts';

const names = Array.from({ length: 10 }, (_, index) => `p-${index}`);

/** The most entries that any of `claims` claims looked at, with `tasks` tasks on the board. */
function dearest(
  tasks: number,
  spec: (index: number) => Partial<TaskSpec>,
  claims: number,
  capabilities: Partial<Capabilities> = {},
): number {
  const profiles = Object.fromEntries(names.map((name) => [name, { max_concurrency: 5 }]));
  const driver = createDriver({
    profiles,
    pools: { main: { strategy: 'least_used', profiles: names } },
    budgets: { project: { tokens: 1_000_000, per: 'day' } },
  });
  driver.policies({ weights: { ui: 1, db: 2 }, max_heavy: 1 });
  driver.add(
    ...Array.from({ length: tasks }, (_, index) => ({
      expects: 'none' as const,
      ...spec(index),
      id: `t${index}`,
    })),
  );
  let most = 0;
  for (let turn = 0; turn < claims; turn += 1) {
    const before = driver.board.ready.inspected();
    const { answer } = driver.claim('w1', { slot: turn, capabilities });
    most = Math.max(most, driver.board.ready.inspected() - before);
    // Every other grant ends at once, so that scopes are taken and let go.
    if (answer.kind !== 'granted' || turn % 2 === 0) continue;
    const task = driver.board.grants.get(answer.fence)!;
    driver.done('w1', { task, fence: answer.fence, run: driver.task(task).grant!.run } as never);
  }
  return most;
}

describe('a claim looks at a bounded number of entries, however many tasks there are', () => {
  it.each<[string, (index: number) => Partial<TaskSpec>]>([
    ['plain ones', () => ({})],
    [
      'of several labels and priorities',
      (i) => ({ labels: [i % 2 ? 'ui' : 'db'], priority: i % 3 ? 'P1' : 'P2' }),
    ],
    ['all heavy, of which one may run', () => ({ heavy: true })],
    ['that nobody here can run', () => ({ requires: { os: 'darwin' } })],
    ['each on its own file', (i) => ({ paths: [`src/${i}.ts`] })],
    ['all on one file, of which one may run', () => ({ paths: ['src/a.ts'] })],
    ['on ten folders', (i) => ({ paths: [`src/${i % 10}`] })],
  ])('%s', (_, spec) => {
    const many = dearest(4_000, spec, 40);
    expect(many).toBeLessThanOrEqual(16);
    expect(many).toBeLessThanOrEqual(dearest(400, spec, 40));
  });
});

it('a claim that offers many profiles of a pool looks at no more entries, also where tasks name their profile', () => {
  const offers = names.map((profile) => ({ profile, harness: 'command' }));
  const pinned = (index: number): Partial<TaskSpec> =>
    index % 3 === 0 ? { requires: { profile: `p-${index % 10}` } } : {};
  const many = dearest(4_000, pinned, 40, { pool: 'main', offers });
  expect(many).toBeLessThanOrEqual(32);
  expect(many).toBeLessThanOrEqual(dearest(400, pinned, 40, { pool: 'main', offers }));
});

describe('the ready index', () => {
  it('holds no more than what lives, after any number of edits of tasks that nobody takes', () => {
    const driver = createDriver();
    driver.add({ id: 'a', requires: { os: 'darwin' } }, { id: 'b', requires: { os: 'darwin' } });
    for (let turn = 0; turn < 1_000; turn += 1) {
      driver.command({ kind: 'edit', task: 'a', patch: { priority: turn % 2 ? 'P1' : 'P3' } });
    }
    const before = driver.board.ready.inspected();
    expect(driver.take('w1', { capabilities: { os: 'darwin' } }).task).toBe('a');
    expect(driver.board.ready.inspected() - before).toBeLessThan(100);
  });
});
