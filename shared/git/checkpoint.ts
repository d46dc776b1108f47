/**
 * Checkpoints: a run's tree as it stands as one commit that can be bundled, and bringing such a bundle into a fresh
 * tree of a later run.
 *
 * 1. Taking one only reads the working tree, its index and its HEAD: an agent may be at work there.
 * 2. A bundle of a stranger passes the same checks as a submission's before anything of it is used.
 * 3. A fresh tree that the work does not fit into is as it was afterwards; the work stays reachable by its ref.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { importBundle } from './bundle-import.ts';
import { captureChange } from './change-set.ts';
import type { Commit } from './commit-id.ts';
import { commitTree, type Person } from './commit-object.ts';
import { git, gitLine } from './git.ts';
import { treeOf } from './repository.ts';
import { squashInto } from './squash.ts';
import { addWorktree, removeWorktree } from './worktree.ts';

export interface SaveOptions {
  /** What the tree was made at. */
  readonly base: Commit;
  readonly message: string;
  readonly author: Person;
  /** The tree that is stored already; absent: that of `base`. */
  readonly since?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SavedTree {
  /** An ancestor of `head`: the one asked for, or an older commit that the agent had gone back to. */
  readonly base: Commit;
  readonly head: Commit;
  readonly tree: string;
  /** Nested repositories that no commit can hold. */
  readonly skipped: readonly string[];
}

export interface Unchanged {
  readonly skipped: readonly string[];
}

export const isSaved = (taken: SavedTree | Unchanged): taken is SavedTree => 'head' in taken;

/** The working tree `dir` as a commit, in whatever state it is; without one when it is as it was `since`. */
export async function saveTree(dir: string, options: SaveOptions): Promise<SavedTree | Unchanged> {
  const { base, message, author, signal } = options;
  const where = { cwd: dir, signal };
  const captured = await captureChange(dir, { base, message, author, asIs: true, signal });
  if (captured.kind === 'unfinished') throw new Error(`the tree was not taken as it is (${dir})`);
  const { skipped } = captured;
  const before = await treeOf(where, base);
  if (captured.kind === 'change') {
    const tree = await treeOf(where, captured.head);
    if (tree === (options.since ?? before)) return { skipped };
    return { base: captured.base, head: captured.head, tree, skipped };
  }
  if (before === (options.since ?? before)) return { skipped };
  // What was stored before has been undone: that is news too.
  const head = await commitTree(where, { tree: before, parent: base, message, author });
  return { base, head, tree: before, skipped };
}

export interface Stored {
  readonly base: Commit;
  readonly head: Commit;
  /** Bundle of `base..head`. */
  readonly file: string;
}

/** Where a checkpoint can be looked at from every working tree of the repository. */
export const checkpointRef = (fence: number): string => `refs/waggle/checkpoint/${fence}`;
export const rescueRef = (fence: number): string => `refs/waggle/rescue/${fence}`;

/** Brings a bundle into the repository `gitDir`, under `ref`. A sentence says what is wrong with it, if anything. */
export async function keepAsRef(
  gitDir: string,
  ref: string,
  { base, head, file }: Stored,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const imported = await importBundle(gitDir, file, { base, head, signal });
  if (imported.status === 'damaged') return imported.detail;
  await git(['update-ref', ref, head], { gitDir, signal });
  return undefined;
}

/** Removes refs of ours; those that are not there are no error. */
export async function dropRefs(gitDir: string, refs: readonly string[]): Promise<void> {
  for (const ref of refs) await git(['update-ref', '-d', ref], { gitDir });
}

export type Applied =
  /** `tree`: what the working tree holds now, staged and uncommitted. */
  | { readonly status: 'applied'; readonly tree: string }
  | { readonly status: 'conflict'; readonly files: readonly string[] };

/** Puts `base..head` into `dir`, a fresh tree of `gitDir` at `tip`, as one uncommitted change. */
export async function applyTree(
  gitDir: string,
  dir: string,
  change: { readonly base: Commit; readonly head: Commit; readonly tip: Commit },
  signal?: AbortSignal,
): Promise<Applied> {
  const { base, head, tip } = change;
  const squashed = await squashInto(dir, { base, head, signal });
  if (squashed.status === 'conflict') {
    await removeWorktree(gitDir, dir);
    await addWorktree(gitDir, { dir, commit: tip, signal });
    return { status: 'conflict', files: squashed.files };
  }
  // The message that git keeps for the next commit is ours, not the agent's.
  const treeGitDir = await gitLine(['rev-parse', '--absolute-git-dir'], { cwd: dir, signal });
  await rm(join(treeGitDir, 'MERGE_MSG'), { force: true });
  const tree = squashed.status === 'clean' ? squashed.tree : await treeOf({ cwd: dir, signal }, tip);
  return { status: 'applied', tree };
}
