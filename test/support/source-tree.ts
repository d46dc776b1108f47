/**
 * The sources of the project as one graph: who imports whom, what a file reaches by others, and where the graph
 * bites its tail. Generated files are left out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Import, type Module, readModule } from './imports.ts';

export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly module: Module;
}
export type Tree = ReadonlyMap<string, Source>;

/** A tree of the given texts by path. */
export function treeOf(texts: Iterable<readonly [string, string]>): Tree {
  return new Map(Array.from(texts, ([path, text]) => [path, { path, text, module: readModule(text) }]));
}

/** Reads the TypeScript and JavaScript of `folders` under `root`. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
  );
  const sources = paths.filter((path) => /\.(ts|mts|mjs)$/.test(path) && !path.includes('/generated/'));
  return treeOf(sources.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** Where a relative import leads, from the root of the repository; undefined for packages and computed ones. */
export function targetOf({ path }: Pick<Source, 'path'>, { specifier }: Import): string | undefined {
  return specifier?.startsWith('.') === true ? normalize(join(dirname(path), specifier)) : undefined;
}

/** Everything that is loaded with `start`, itself included: what it imports, but for types, and what that imports. */
export function loadedWith(tree: Tree, start: string): Source[] {
  const loaded = new Set<Source>();
  const waiting = [start];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = tree.get(path);
    if (source === undefined || loaded.has(source)) continue;
    loaded.add(source);
    for (const one of source.module.imports) {
      const target = one.isType ? undefined : targetOf(source, one);
      if (target !== undefined) waiting.push(target);
    }
  }
  return [...loaded];
}

/** Each knot of files that import each other, in any order, types and lazy imports included. */
export function cyclesIn(tree: Tree): string[][] {
  const after = new Map<string, readonly string[]>();
  const before = new Map<string, string[]>();
  for (const source of tree.values()) {
    const targets = source.module.imports.flatMap((one) => targetOf(source, one) ?? []);
    after.set(source.path, targets);
    for (const target of targets) before.set(target, [...(before.get(target) ?? []), source.path]);
  }
  // Kosaraju: in the order in which a walk leaves the files, walked again against the arrows.
  const left: string[] = [];
  const seen = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path) || !tree.has(path)) return;
    seen.add(path);
    for (const next of after.get(path) ?? []) walk(next);
    left.push(path);
  };
  for (const path of tree.keys()) walk(path);
  const taken = new Set<string>();
  const gather = (path: string, knot: string[]): string[] => {
    if (taken.has(path)) return knot;
    taken.add(path);
    knot.push(path);
    for (const next of before.get(path) ?? []) gather(next, knot);
    return knot;
  };
  const knots = left.toReversed().map((path) => gather(path, []));
  return knots.filter(
    ([path, ...others]) => others.length > 0 || (path !== undefined && after.get(path)?.includes(path)),
  );
}
