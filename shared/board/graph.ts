/**
 * Deps and parents as one graph: a task points at its deps and its parent. A cycle through either would
 * leave its members waiting for each other for ever, so none is let in.
 */

/** What a task points at. */
export interface Links {
  readonly deps: readonly string[];
  readonly parent?: string | undefined;
}

/**
 * A cycle that can be reached from `start`, as a closed path (`a, b, a`), or undefined. `done` holds tasks
 * that need no other look, and is added to: a series of calls on one graph with one set costs one walk.
 * Iterative, because chains may be as long as the task list.
 */
export function findCycle(
  start: string,
  linksOf: (task: string) => Links | undefined,
  done = new Set<string>(),
): string[] | undefined {
  const path: string[] = [];
  const onPath = new Set<string>();
  const stack: { task: string; targets: string[] }[] = [];
  const enter = (task: string) => {
    const links = linksOf(task);
    path.push(task);
    onPath.add(task);
    stack.push({
      task,
      targets: [...(links?.deps ?? []), ...(links?.parent === undefined ? [] : [links.parent])],
    });
  };
  if (!done.has(start)) enter(start);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const target = top.targets.pop();
    if (target === undefined) {
      stack.pop();
      path.pop();
      onPath.delete(top.task);
      done.add(top.task);
    } else if (onPath.has(target)) {
      for (const task of path) done.add(task);
      return [...path.slice(path.indexOf(target)), target];
    } else if (!done.has(target)) {
      enter(target);
    }
  }
  return undefined;
}
