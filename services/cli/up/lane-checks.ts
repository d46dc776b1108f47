/**
 * Whether each lane can be served, asked before anything is started: its home is a repository with a commit, its
 * base exists, its branch is nobody's checked-out one. Changes nothing. Homes at URLs are the committer's to try.
 */
import type { BoardLane } from '../../../schemas/index.ts';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { branchRef } from '../../../shared/git/home.ts';
import { inspectRepository, resolveCommit } from '../../../shared/git/repository.ts';
import { listWorktrees } from '../../../shared/git/worktree.ts';

/** Errors: `not-a-repository`, `repository-empty`, `lane-commit-missing`, `branch-checked-out`. */
export async function checkLane(lane: BoardLane): Promise<void> {
  const { home, base, branch } = lane;
  if (isUrl(home)) return;
  const { gitDir } = await inspectRepository(home);
  const trees = await listWorktrees(gitDir);
  const busy = trees.find((tree) => !tree.prunable && tree.branch === branchRef(branch));
  if (busy !== undefined) throw new WaggleError('branch-checked-out', { branch, path: busy.path });
  const standing = await resolveCommit({ gitDir }, branchRef(branch));
  if (standing !== undefined) return;
  if ((await resolveCommit({ cwd: home }, base)) === undefined)
    throw new WaggleError('lane-commit-missing', { home, commit: base });
}
