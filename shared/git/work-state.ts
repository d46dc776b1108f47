/**
 * Whether a working tree holds anything that its base doesn't: the question before it may be deleted.
 * Reads only, and errs towards "yes".
 */
import type { Commit } from './commit-id.ts';
import { git, gitLine } from './git.ts';
import { unfinishedOperation } from './operation.ts';
import { resolveCommit } from './repository.ts';
import { ignoreFlags } from './snapshot-tree.ts';

export interface WorkState {
  /** Commits of HEAD that base doesn't have. */
  readonly commits: number;
  readonly staged: boolean;
  readonly unstaged: boolean;
  /** Files that are neither tracked nor ignored, nested repositories included. */
  readonly untracked: boolean;
  /** A merge, rebase or the like is under way. */
  readonly unfinished: boolean;
  /** Any of the above. */
  readonly hasWork: boolean;
}

/** Looks at the working tree `dir`, which was made at `base`. */
export async function workState(dir: string, base: Commit, signal?: AbortSignal): Promise<WorkState> {
  const where = { cwd: dir, signal };
  const ignores = await ignoreFlags();
  const status = await git(
    [...ignores, 'status', '--porcelain', '-z', '--no-renames', '--untracked-files=normal'],
    where,
  );
  const codes = status.stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => entry.slice(0, 2));
  const tip = await resolveCommit(where, 'HEAD');
  const counted = tip === undefined ? '0' : await gitLine(['rev-list', '--count', tip, `^${base}`], where);
  const treeGitDir = await gitLine(['rev-parse', '--absolute-git-dir'], where);
  const state = {
    commits: Number(counted),
    staged: codes.some((code) => code !== '??' && code[0] !== ' '),
    unstaged: codes.some((code) => code !== '??' && code[1] !== ' '),
    untracked: codes.includes('??'),
    unfinished: (await unfinishedOperation(dir, treeGitDir, signal)) !== undefined,
  };
  const hasWork = state.commits > 0 || state.staged || state.unstaged || state.untracked || state.unfinished;
  return { ...state, hasWork };
}
