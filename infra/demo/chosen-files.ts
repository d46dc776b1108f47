/**
 * The files that the demo's tasks are about, each with what the tool makes of it: the tool's own output on the
 * original, made here and never by the swarm. Files that it would leave as they are make no task.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WaggleError } from '../../shared/errors.ts';
import { git } from '../../shared/git/git.ts';
import { fileKinds, isPlainPath, kindOf } from './file-kinds.ts';
import { type Formatter, formatFolder } from './formatter.ts';
import type { Parser } from './parser.ts';
import type { Source } from './source.ts';

export interface ChosenFile {
  readonly path: string;
  /** Of the file as the tool leaves it. */
  readonly blob: string;
}

export interface ChooseOptions {
  readonly source: Source;
  /** A new folder, for the formatted copies. */
  readonly folder: string;
  readonly formatter: Formatter;
  readonly parser: Parser;
  /** At most so many. */
  readonly wanted: number;
  readonly signal: AbortSignal;
}

interface Tracked {
  readonly path: string;
  readonly blob: string;
}

/** Errors: `check-failed` when the tool would change none. */
export async function chooseFiles(options: ChooseOptions): Promise<ChosenFile[]> {
  const { source, folder, formatter, parser, wanted, signal } = options;
  const tracked = await trackedFiles(source, signal);
  await checkOut(source, tracked, folder, signal);
  await formatFolder(formatter, folder, signal);
  const changed = await changedFiles(tracked, folder, signal);
  const chosen: ChosenFile[] = [];
  for (let next = 0; next < changed.length && chosen.length < wanted; ) {
    const some = changed.slice(next, next + wanted - chosen.length);
    next += some.length;
    const verdicts = await Promise.all(
      some.map(({ path, blob }) => parser.parses({ path, blob, file: join(folder, path) })),
    );
    chosen.push(...some.filter((_, at) => verdicts[at]));
  }
  if (chosen.length > 0) return chosen;
  const kinds = fileKinds.flatMap(({ extensions }) => extensions.map((one) => `.${one}`)).join(' ');
  const message = `${source.path} has no tracked file (${kinds}) that the formatter would change; the demo needs at least one`;
  throw new WaggleError('check-failed', { message });
}

/** Regular files of the kinds we know: no links, no submodules. */
async function trackedFiles({ gitDir, head }: Source, signal: AbortSignal): Promise<Tracked[]> {
  const { stdout } = await git(['ls-tree', '-r', '-z', '--full-tree', head], { gitDir, signal });
  const files = stdout.split('\0').flatMap((entry) => {
    const [, mode = '', blob = '', path = ''] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    return mode.startsWith('100') && isPlainPath(path) && kindOf(path) !== undefined ? [{ path, blob }] : [];
  });
  const rank = ({ path }: Tracked) =>
    fileKinds.findIndex(({ extensions }) => extensions.some((one) => path.endsWith(`.${one}`)));
  return files.toSorted((a, b) => rank(a) - rank(b));
}

/** Writes them as a worktree would have them, through an index of our own. */
async function checkOut(
  { gitDir, head }: Source,
  files: readonly Tracked[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder);
  const where = { gitDir, signal, env: { GIT_INDEX_FILE: `${folder}.index` } };
  await git(['read-tree', head], where);
  const input = files.map(({ path }) => `${path}\0`).join('');
  await git(['-c', 'core.bare=false', 'checkout-index', '-z', '--stdin', `--prefix=${folder}/`], {
    ...where,
    input,
    // A working tree must be named; nothing is read or written there.
    env: { ...where.env, GIT_WORK_TREE: folder },
  });
}

async function changedFiles(
  files: readonly Tracked[],
  folder: string,
  signal: AbortSignal,
): Promise<ChosenFile[]> {
  const input = files.map(({ path }) => `${join(folder, path)}\n`).join('');
  const { stdout } = await git(['hash-object', '--no-filters', '--stdin-paths'], { input, signal });
  const blobs = stdout.split('\n');
  return files.flatMap(({ path, blob }, at) => {
    const formatted = blobs[at] ?? '';
    return formatted === '' || formatted === blob ? [] : [{ path, blob: formatted }];
  });
}
