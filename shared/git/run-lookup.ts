/**
 * Finding the commit that a run already made in a lane. Reads only.
 *
 * Only the branch's own line (first parents) is searched: what a merge brought in was written by others.
 * A commit counts by its last trailer block alone, so no text inside a message can stand for one.
 */
import { type Commit, isCommitId } from './commit-id.ts';
import { git } from './git.ts';
import { RUN_TRAILER } from './message.ts';
import { hasCommit, type Where } from './repository.ts';
import { trailerOf } from './trailers.ts';

export interface RunWanted {
  readonly run: string;
  readonly tip: Commit;
  /**
   * A commit that the run started from; never a branch's name: a base that moves past the lane would hide
   * what landed. Unknown or absent: the whole line is searched.
   */
  readonly base?: Commit | undefined;
}

export interface FoundRun {
  readonly commit: Commit;
  /** Absent when the commit is the branch's first. */
  readonly parent?: Commit;
}

/** The commit whose own trailer block names the run; undefined when there is none. */
export async function lookUpRun(where: Where, wanted: RunWanted): Promise<FoundRun | undefined> {
  const { run, tip, base } = wanted;
  const bounded = base !== undefined && isCommitId(base) && (await hasCommit(where, base));
  const filter = ['--first-parent', '--fixed-strings', `--grep=${RUN_TRAILER}: ${run}`];
  const shape = ['-z', '--no-color', '--encoding=UTF-8', '--format=%H %P%n%B'];
  const range = bounded ? [tip, `^${base}`] : [tip];
  const { stdout } = await git(['log', ...filter, ...shape, ...range, '--'], where);
  for (const record of stdout.split('\0')) {
    const end = record.indexOf('\n');
    const [commit, parent] = record.slice(0, Math.max(end, 0)).trim().split(' ');
    if (commit === undefined || trailerOf(record.slice(end + 1), RUN_TRAILER) !== run) continue;
    return { commit, ...(parent === undefined ? {} : { parent }) };
  }
  return undefined;
}
