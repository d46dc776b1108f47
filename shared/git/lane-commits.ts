/**
 * What a lane's branch brings: its commits with what their trailers say, and its tip, brought into the repository of
 * somebody's working tree.
 */
import { WaggleError } from '../errors.ts';
import type { Commit } from './commit-id.ts';
import { git } from './git.ts';
import { branchRef } from './home.ts';
import { RUN_TRAILER, subjectLine } from './message.ts';
import { fetchFlags, isUrl, readRemoteRefs } from './remote.ts';
import { inspectRepository, resolveCommit, type Where } from './repository.ts';
import { trailerOf } from './trailers.ts';

export interface LaneCommit {
  readonly commit: Commit;
  readonly subject: string;
  /** Absent in commits that no committer made. */
  readonly task?: string;
  readonly run?: string;
  readonly agent?: string;
}

/** The commits of `to` that `from` doesn't have, newest first. */
export async function laneCommits(where: Where, from: Commit, to: Commit): Promise<LaneCommit[]> {
  const shape = ['-z', '--no-color', '--encoding=UTF-8', '--format=%H%n%B'];
  const { stdout } = await git(['log', ...shape, to, `^${from}`, '--'], where);
  return stdout
    .split('\0')
    .filter((record) => record.trim() !== '')
    .map(parseLaneCommit);
}

/** One record of the log: the commit, a line break, its message. */
export function parseLaneCommit(record: string): LaneCommit {
  const end = record.indexOf('\n');
  const message = end < 0 ? '' : record.slice(end + 1);
  const task = trailerOf(message, 'Waggle-Task');
  const run = trailerOf(message, RUN_TRAILER);
  const agent = trailerOf(message, 'Waggle-Agent');
  return {
    commit: (end < 0 ? record : record.slice(0, end)).trim(),
    subject: subjectLine(message),
    ...(task === undefined ? {} : { task }),
    ...(run === undefined ? {} : { run }),
    ...(agent === undefined ? {} : { agent }),
  };
}

export interface LanePlace {
  /** Path or URL. */
  readonly home: string;
  readonly branch: string;
}

/** Whether the lane's home is the very repository `gitDir`. Errors: `not-a-repository`. */
export async function isHome(home: string, gitDir: string): Promise<boolean> {
  return !isUrl(home) && (await inspectRepository(home)).gitDir === gitDir;
}

/**
 * The tip of the lane's branch as the home has it now, its objects brought into the repository `gitDir`, under a ref
 * of ours. Errors: `lane-commit-missing`, `not-a-repository`, `git-failed` (unreachable).
 */
export async function fetchLaneTip(
  gitDir: string,
  { home, branch }: LanePlace,
  signal?: AbortSignal,
): Promise<Commit> {
  const ref = branchRef(branch);
  const missing = () => new WaggleError('lane-commit-missing', { home, commit: ref });
  if (await isHome(home, gitDir)) {
    const tip = await resolveCommit({ gitDir, signal }, ref);
    if (tip === undefined) throw missing();
    return tip;
  }
  if (!(await readRemoteRefs(home, [ref], signal)).has(ref)) throw missing();
  const kept = `refs/waggle/home/${branch}`;
  const options = { gitDir, userConfig: true, signal };
  await git(['fetch', ...fetchFlags, '--', home, `+${ref}:${kept}`], options);
  const tip = await resolveCommit({ gitDir, signal }, kept);
  if (tip === undefined) throw missing();
  return tip;
}
