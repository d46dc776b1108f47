import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCycles, inDependencyOrder, type Linked } from '../../../../shared/config/task-order.ts';

const anyGraph = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.array(
      fc.record({
        deps: fc.array(fc.integer({ min: 0, max: size }), { maxLength: 3 }),
        parent: fc.option(fc.integer({ min: 0, max: size }), { nil: undefined }),
      }),
      { minLength: size, maxLength: size },
    ),
  )
  .map((nodes) =>
    nodes.map(
      ({ deps, parent }, index): Linked => ({
        id: `t${index}`,
        deps: deps.map((to) => `t${to}`),
        ...(parent === undefined ? {} : { parent: `t${parent}` }),
      }),
    ),
  );

const links = (task: Linked) => [...(task.deps ?? []), ...(task.parent === undefined ? [] : [task.parent])];
const isInOrder = (tasks: readonly Linked[]) =>
  tasks.every((task, index) =>
    links(task).every((id) => tasks.findIndex((other) => other.id === id) < index),
  );

/** A graph has no cycle if tasks that need nothing any more can be taken away until none is left. */
function isAcyclic(tasks: readonly Linked[]): boolean {
  let left = tasks.filter((task) => links(task).some((id) => tasks.some((other) => other.id === id)));
  for (let before = tasks.length; left.length < before; ) {
    before = left.length;
    left = left.filter((task) => links(task).some((id) => left.some((other) => other.id === id)));
  }
  return left.length === 0;
}

describe('dependency order', () => {
  it('puts deps and parents first and keeps the given order otherwise', () => {
    const tasks = [{ id: 'c', deps: ['b', 'elsewhere'] }, { id: 'x' }, { id: 'b', parent: 'a' }, { id: 'a' }];
    expect(inDependencyOrder(tasks).map((task) => task.id)).toEqual(['a', 'b', 'c', 'x']);
    expect(inDependencyOrder([{ id: 'a' }, { id: 'b', deps: ['a'] }]).map((task) => task.id)).toEqual([
      'a',
      'b',
    ]);
  });

  it('holds for any graph without cycles, and loses no task of any graph', () => {
    fc.assert(
      fc.property(anyGraph, (tasks) => {
        const ordered = inDependencyOrder(tasks);
        expect([...ordered].sort(byId)).toEqual([...tasks].sort(byId));
        if (isAcyclic(tasks)) expect(isInOrder(ordered)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a chain of any length', () => {
    const chain = Array.from({ length: 50_000 }, (_, index) => ({
      id: `t${index}`,
      deps: [`t${index + 1}`],
    }));
    expect(inDependencyOrder(chain)[0]?.id).toBe('t49999');
    expect(findCycles([...chain, { id: 't50000', deps: ['t0'] }])[0]).toHaveLength(50_002);
  });
});

describe('cycles', () => {
  it('are found over deps and parents together, as a path back to its start', () => {
    expect(
      findCycles([
        { id: 'a', deps: ['b'] },
        { id: 'b', parent: 'c' },
        { id: 'c', deps: ['a'] },
      ]),
    ).toEqual([['a', 'b', 'c', 'a']]);
  });

  it('are found if and only if there are some, and each is one', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const tasks = graph.map((task) => ({
          id: task.id,
          deps: links(task).filter((id) => id !== task.id),
        }));
        const cycles = findCycles(tasks);
        expect(cycles.length === 0).toBe(isAcyclic(tasks));
        for (const cycle of cycles) {
          expect(cycle.at(-1)).toBe(cycle[0]);
          cycle.slice(1).forEach((id, index) => {
            expect(tasks.find((task) => task.id === cycle[index])?.deps).toContain(id);
          });
        }
      }),
      { numRuns: 500 },
    );
  });
});

function byId(a: Linked, b: Linked): number {
  return a.id < b.id ? -1 : 1;
}
