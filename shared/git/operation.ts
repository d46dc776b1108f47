/**
 * Whether a working tree is in the middle of something (merge, rebase, …) and so shows half of a change.
 * Reads only.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.ts';

/** `sequence`: several cherry-picks or reverts; `conflict`: unresolved paths without any of the others. */
export type Operation = 'rebase' | 'am' | 'bisect' | 'sequence' | 'merge' | 'conflict';

export interface Unfinished {
  readonly operation: Operation;
  /** Paths with unresolved conflicts. */
  readonly files: readonly string[];
}

/** Undefined when the tree can be taken as it stands; a merge whose conflicts are resolved can be. */
export async function unfinishedOperation(
  dir: string,
  treeGitDir: string,
  signal?: AbortSignal,
): Promise<Unfinished | undefined> {
  const files = await unmergedFiles(dir, signal);
  const has = (name: string) => exists(join(treeGitDir, name));
  if (await has('rebase-merge')) return { operation: 'rebase', files };
  if (await has('rebase-apply')) {
    return { operation: (await has('rebase-apply/applying')) ? 'am' : 'rebase', files };
  }
  if (await has('BISECT_LOG')) return { operation: 'bisect', files };
  if (await has('sequencer')) return { operation: 'sequence', files };
  if (files.length === 0) return undefined;
  return { operation: (await has('MERGE_HEAD')) ? 'merge' : 'conflict', files };
}

/** Paths that the index of the working tree holds in several versions. */
export async function unmergedFiles(dir: string, signal?: AbortSignal): Promise<string[]> {
  const { stdout } = await git(['diff', '--name-only', '--diff-filter=U', '--no-ext-diff', '-z'], {
    cwd: dir,
    signal,
  });
  return [...new Set(stdout.split('\0').filter((path) => path !== ''))];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
