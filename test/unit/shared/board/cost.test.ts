import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '../../../../schemas/index.ts';
import { createDriver } from './board-driver.ts';

/** The most entries that any of `claims` claims looked at, with `tasks` tasks on the board. */
function dearest(tasks: number, spec: (index: number) => Partial<TaskSpec>, claims: number): number {
  const driver = createDriver();
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
    const { answer } = driver.claim('w1', { slot: turn });
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
