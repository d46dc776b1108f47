/**
 * Which path scopes are in use: an index of the declared paths of tasks with live grants or uncommitted
 * submissions. `src` overlaps `src/a.ts`; `src/a` does not overlap `src/ab`. A look-up costs the depth of
 * the path, whatever the number of tasks.
 */

export interface PathScopes {
  add(task: string, paths: readonly string[]): void;
  remove(task: string, paths: readonly string[]): void;
  /** A task whose scope overlaps one of `paths`, other than `except`. */
  overlap(paths: readonly string[], except: string): string | undefined;
}

export function createPathScopes(): PathScopes {
  const exact = new Map<string, Set<string>>();
  const above = new Map<string, Set<string>>();

  const put = (index: Map<string, Set<string>>, path: string, task: string) => {
    const tasks = index.get(path);
    if (tasks === undefined) index.set(path, new Set([task]));
    else tasks.add(task);
  };
  const take = (index: Map<string, Set<string>>, path: string, task: string) => {
    const tasks = index.get(path);
    tasks?.delete(task);
    if (tasks?.size === 0) index.delete(path);
  };
  const other = (index: Map<string, Set<string>>, path: string, except: string): string | undefined => {
    for (const task of index.get(path) ?? []) if (task !== except) return task;
    return undefined;
  };

  return {
    add(task, paths) {
      for (const path of paths.map(normal)) {
        put(exact, path, task);
        for (const folder of foldersOf(path)) put(above, folder, task);
      }
    },
    remove(task, paths) {
      for (const path of paths.map(normal)) {
        take(exact, path, task);
        for (const folder of foldersOf(path)) take(above, folder, task);
      }
    },
    overlap(paths, except) {
      for (const path of paths.map(normal)) {
        const found =
          other(exact, path, except) ??
          other(above, path, except) ??
          foldersOf(path)
            .map((folder) => other(exact, folder, except))
            .find((task) => task !== undefined);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** `./a//b/` → `a/b`; the root is the empty path, which overlaps everything. */
function normal(path: string): string {
  return path
    .split('/')
    .filter((step) => step !== '' && step !== '.')
    .join('/');
}

function foldersOf(path: string): string[] {
  const steps = path.split('/');
  return path === ''
    ? []
    : ['', ...steps.slice(0, -1).map((_, index) => steps.slice(0, index + 1).join('/'))];
}
