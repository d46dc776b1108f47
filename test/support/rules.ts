/**
 * What rules about sources are made of: places, and the three kinds of questions that most of them ask. Knows no
 * rule.
 */
import { type Import, membersOf } from './imports.ts';
import { type Source, type Tree, targetOf } from './source-tree.ts';

export interface Rule {
  readonly says: string;
  /** One line for each breach, beginning with the file. */
  readonly breaches: (tree: Tree) => string[];
  /** Sources by path, of which the first breaks the rule. */
  readonly sample: Readonly<Record<string, string>>;
}

/** The package's name of `@scope/name/part` or `name/part`. */
export const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Whether a file does not ship. */
export const isTest = (path: string): boolean => path.startsWith('test/');

/** Whether `path` is one of `places`: a file, or a folder, which ends in a slash; `*` is any one name. */
export const isIn = (path: string, places: readonly string[]): boolean =>
  places.some((place) =>
    new RegExp(
      `^${place.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}${place.endsWith('/') ? '' : '$'}`,
    ).test(path),
  );

/** A rule about single imports of what ships (not of tests). */
export const forImports =
  (isBreach: (source: Source, one: Import, target: string | undefined) => boolean) =>
  (tree: Tree): string[] =>
    [...tree.values()].flatMap((source) =>
      isTest(source.path)
        ? []
        : source.module.imports
            .filter((one) => isBreach(source, one, targetOf(source, one)))
            .map(
              ({ specifier, line }) => `${source.path}:${line} imports ${specifier ?? 'what it computes'}`,
            ),
    );

/** A rule about single files. */
export const forFiles =
  (isBreach: (source: Source) => boolean) =>
  (tree: Tree): string[] =>
    [...tree.values()].filter(isBreach).map(({ path }) => path);

/** A rule that members of globals are read in `places` only. */
export const forGlobals =
  (globals: Readonly<Record<string, readonly string[]>>, places: readonly string[]) =>
  (tree: Tree): string[] =>
    [...tree.values()].flatMap(({ path, module }) =>
      isTest(path) || isIn(path, places)
        ? []
        : Object.entries(globals).flatMap(([global, members]) =>
            membersOf(module, global)
              .filter((member) => members.includes(member))
              .map((member) => `${path} reads ${global} ${member}`),
          ),
    );
