/**
 * What a run changed, as one commit on top of the base it started from. Owns the rules of what counts:
 *
 * 1. The agent's own commits are kept as they are; what it left uncommitted becomes one more commit.
 * 2. The working tree, its index and its HEAD are only read, wherever the agent left them.
 * 3. When `base` is no ancestor any more (history rewritten, an orphan branch), the tree is put onto base
 *    as one commit.
 * 4. A tree in the middle of a rebase, a bisect or a conflict shows half of a change: it is named, not
 *    guessed at, unless asked for as it is (checkpoints, rescues).
 */
import type { Commit } from './commit-id.ts';
import { commitTree, type Person } from './commit-object.ts';
import { git, gitLine } from './git.ts';
import { subjectLine } from './message.ts';
import { type Operation, unfinishedOperation } from './operation.ts';
import { isAncestor, resolveCommit, treeOf, type Where } from './repository.ts';
import { snapshotTree } from './snapshot-tree.ts';

export interface CaptureOptions {
  readonly base: Commit;
  /** Message of the commit that holds what the agent left uncommitted. */
  readonly message: string;
  readonly author: Person;
  /** Take the tree whatever state it is in. */
  readonly asIs?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Capture =
  | { readonly kind: 'none'; readonly skipped: readonly string[] }
  | ({ readonly kind: 'change'; readonly skipped: readonly string[] } & Change)
  | {
      readonly kind: 'unfinished';
      /** `older-commit`: HEAD stands before base, with edits on top. */
      readonly operation: Operation | 'older-commit';
      readonly files: readonly string[];
    };

export interface Change {
  /** The commit that `head` descends from: the one asked for, or (as it is, `older-commit`) HEAD. */
  readonly base: Commit;
  readonly head: Commit;
  readonly files: number;
  /** Lines; absent when git counts none (binary files, modes). */
  readonly insertions?: number;
  readonly deletions?: number;
  readonly subject: string;
  /** The whole message of `head`. */
  readonly message: string;
}

/** Captures the working tree at `dir`. `skipped`: nested repositories that no commit can hold. */
export async function captureChange(dir: string, options: CaptureOptions): Promise<Capture> {
  const { base, asIs = false, signal } = options;
  const where = { cwd: dir, signal };
  const treeGitDir = await gitLine(['rev-parse', '--absolute-git-dir'], where);
  if (!asIs) {
    const unfinished = await unfinishedOperation(dir, treeGitDir, signal);
    if (unfinished !== undefined) return { kind: 'unfinished', ...unfinished };
  }
  const { tree, skipped } = await snapshotTree(dir, treeGitDir, signal);
  const none: Capture = { kind: 'none', skipped };
  if (tree === (await treeOf(where, base))) return none;

  const tip = await resolveCommit(where, 'HEAD');
  const clean = tip !== undefined && tip !== base && tree === (await treeOf(where, tip));
  let parent = base;
  if (tip !== undefined && (await isAncestor(where, base, tip))) {
    if (clean) return { kind: 'change', skipped, ...(await describe(where, base, tip)) };
    parent = tip;
  } else if (tip !== undefined && (await isAncestor(where, tip, base))) {
    // Looking at an older commit is no change; edits on top of one cannot be told from a revert.
    if (clean) return none;
    if (!asIs) return { kind: 'unfinished', operation: 'older-commit', files: [] };
    const head = await commitTree(where, { tree, parent: tip, ...options });
    return { kind: 'change', skipped, ...(await describe(where, tip, head)) };
  }
  const head = await commitTree(where, { tree, parent, ...options });
  return { kind: 'change', skipped, ...(await describe(where, base, head)) };
}

async function describe(where: Where, base: Commit, head: Commit): Promise<Change> {
  const flags = ['--shortstat', '--no-ext-diff', '--no-textconv', '--no-renames'];
  const { stdout: counts } = await git(['diff', ...flags, base, head], where);
  const { stdout: message } = await git(['log', '-1', '--format=%B', '--encoding=UTF-8', head], where);
  const count = (unit: RegExp) => Number(unit.exec(counts)?.[1] ?? 0);
  const insertions = count(/(\d+) insertion/);
  const deletions = count(/(\d+) deletion/);
  return {
    base,
    head,
    files: count(/(\d+) files? changed/),
    ...(insertions + deletions === 0 ? {} : { insertions, deletions }),
    subject: subjectLine(message),
    message: message.trim(),
  };
}
