/**
 * The graph of tasks that deps and parents make together: cycles in it, and an order in which nothing comes
 * before what it needs. Walks without recursion: a chain may be as long as the file.
 */

/** The part of a task that the graph is made of. */
export interface Linked {
  readonly id: string;
  readonly deps?: readonly string[];
  readonly parent?: string;
}

/**
 * The tasks so that each comes after its deps and its parent; otherwise in the given order. Links to tasks
 * that aren't given are ignored; on a cycle its last link is.
 */
export function inDependencyOrder<T extends Linked>(tasks: readonly T[]): T[] {
  const ordered: T[] = [];
  walk(tasks, { leave: (task) => ordered.push(task) });
  return ordered;
}

/**
 * Cycles as paths that begin and end with the same id (`a, b, a`), self-links not counted. Each task of a
 * cycle is in at least one of them or leads into one; not every way round is listed.
 */
export function findCycles(tasks: readonly Linked[]): string[][] {
  const cycles: string[][] = [];
  const named = new Set<string>();
  walk(tasks, {
    cycle: (path) => {
      if (path.length === 1 || path.every((id) => named.has(id))) return;
      for (const id of path) named.add(id);
      cycles.push([...path, path[0] as string]);
    },
  });
  return cycles;
}

interface Visitor<T> {
  leave?(task: T): void;
  /** The ids from the first task of a cycle to its last, following links. */
  cycle?(path: readonly string[]): void;
}

function walk<T extends Linked>(tasks: readonly T[], visitor: Visitor<T>): void {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const done = new Set<T>();
  const depthOf = new Map<T, number>();
  const stack: { readonly task: T; readonly links: readonly string[]; next: number }[] = [];
  const enter = (task: T) => {
    depthOf.set(task, stack.length);
    stack.push({ task, links: linksOf(task), next: 0 });
  };
  for (const root of tasks) {
    if (done.has(root)) continue;
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const link = top.links[top.next++];
      if (link === undefined) {
        stack.pop();
        depthOf.delete(top.task);
        done.add(top.task);
        visitor.leave?.(top.task);
        continue;
      }
      const target = byId.get(link);
      if (target === undefined || done.has(target)) continue;
      const depth = depthOf.get(target);
      if (depth === undefined) enter(target);
      else visitor.cycle?.(stack.slice(depth).map((step) => step.task.id));
    }
  }
}

function linksOf(task: Linked): readonly string[] {
  const deps = task.deps ?? [];
  return task.parent === undefined ? deps : [task.parent, ...deps];
}
