/**
 * Putting a change onto another commit: the three-way merge of base→head into a clean working tree, as one
 * change however many commits it had. Owns the merge's settings, so that every machine and git version
 * merges alike, and what is shown of a conflict.
 *
 * The store's configuration is ours, so merge and filter drivers that attributes name have no command.
 */
import type { Commit } from './commit-id.ts';
import { commitTree, fixedDate, waggle } from './commit-object.ts';
import { git, gitLine } from './git.ts';
import { unmergedFiles } from './operation.ts';
import { treeOf } from './repository.ts';

export interface ChangeRange {
  readonly base: Commit;
  readonly head: Commit;
  readonly signal?: AbortSignal | undefined;
}

export type Squashed =
  | { readonly status: 'clean'; readonly tree: string }
  /** The tree has all of it already. */
  | { readonly status: 'empty' }
  | {
      readonly status: 'conflict';
      readonly files: readonly string[];
      /** Git's conflict lines and the hunks with their markers, at most 8 KiB. */
      readonly detail: string;
    };

const DETAIL_BYTES = 8 * 1024;
const mergeSettings = [
  'merge.renames=true',
  'merge.directoryRenames=false',
  'merge.renameLimit=7000',
  'merge.conflictStyle=merge',
  'rerere.enabled=false',
].flatMap((setting) => ['-c', setting]);

/** Merges the change into the clean working tree `dir` and its index; makes no commit there. */
export async function squashInto(dir: string, { base, head, signal }: ChangeRange): Promise<Squashed> {
  const where = { cwd: dir, signal };
  const single = await commitTree(where, {
    tree: await treeOf(where, head),
    parent: base,
    message: `change ${head}\n`,
    author: waggle,
    date: fixedDate,
  });
  const picked = await git([...mergeSettings, 'cherry-pick', '--no-commit', '--strategy=ort', single], {
    ...where,
    okCodes: [0, 1],
  });
  const files = await unmergedFiles(dir, signal);
  if (picked.exitCode !== 0 || files.length > 0) {
    return { status: 'conflict', files, detail: await conflictDetail(dir, picked.stdout, signal) };
  }
  const tree = await gitLine(['write-tree'], where);
  return tree === (await treeOf(where, 'HEAD')) ? { status: 'empty' } : { status: 'clean', tree };
}

async function conflictDetail(dir: string, said: string, signal?: AbortSignal): Promise<string> {
  const { stdout: hunks } = await git(
    ['diff', '--diff-filter=U', '--no-color', '--no-ext-diff', '--no-textconv'],
    {
      cwd: dir,
      signal,
      maxStdoutBytes: 4 * DETAIL_BYTES,
    },
  );
  const lines = said.split('\n').filter((line) => line.startsWith('CONFLICT'));
  return shorten([...lines, '', hunks].join('\n').trim(), DETAIL_BYTES);
}

/** The beginning of `text` in at most `limit` bytes of UTF-8, marked when something is missing. */
export function shorten(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  const mark = '\n… (cut)';
  let end = limit - Buffer.byteLength(mark);
  // Not in the middle of a character: continuation bytes are 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + mark;
}
