/**
 * The committer's own clone of a lane's home: where submissions are taken in, merged and made into
 * commits, before the home sees anything. It borrows the objects of the home (or of the remote's cache).
 */
import { openStore } from './bare-store.ts';
import { type Imported, type ImportRange, importBundle } from './bundle-import.ts';
import type { Commit, ObjectFormat } from './commit-id.ts';
import { commitTree, type NewCommit } from './commit-object.ts';
import { type ChangeRange, type Squashed, squashInto } from './squash.ts';
import { addWorktree, removeWorktree } from './worktree.ts';

export interface CommitClone {
  readonly gitDir: string;
  /** Takes a submission's bundle in; refuses anything but exactly `base..head`. */
  importBundle(file: string, range: ImportRange): Promise<Imported>;
  /** Checks `tip` out in `dir` (deleting what stood there) and merges the change into it. */
  apply(change: ApplyOptions): Promise<Squashed>;
  /** Writes the commit of an applied tree; moves no ref. */
  commitTree(commit: NewCommit): Promise<Commit>;
  /** Deletes the working tree that `apply` made. */
  discard(dir: string): Promise<void>;
}

export interface ApplyOptions extends ChangeRange {
  readonly tip: Commit;
  readonly dir: string;
}

export interface OpenCloneOptions {
  readonly dir: string;
  /** The lane's home as opened: its local repository lends the objects. */
  readonly home: { readonly gitDir: string; readonly objectFormat: ObjectFormat };
  readonly signal?: AbortSignal | undefined;
}

/** Makes or repairs the clone; the caller holds the lock of the state directory around it. */
export async function openCommitClone({ dir, home, signal }: OpenCloneOptions): Promise<CommitClone> {
  const { objectFormat } = home;
  const gitDir = await openStore(dir, { borrowFrom: home.gitDir, objectFormat, signal });
  return {
    gitDir,
    importBundle: (file, range) => importBundle(gitDir, file, range),
    commitTree: (commit) => commitTree({ gitDir }, commit),
    discard: (tree) => removeWorktree(gitDir, tree),
    async apply({ tip, dir: tree, ...change }) {
      await removeWorktree(gitDir, tree);
      await addWorktree(gitDir, { dir: tree, commit: tip, signal: change.signal });
      return squashInto(tree, change);
    },
  };
}
