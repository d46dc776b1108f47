/**
 * What landing a lane says: the merge commit's message, and what came in. Pure.
 */
import type { Land } from '../../shared/git/land.ts';
import type { LaneCommit } from '../../shared/git/lane-commits.ts';
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';

/** The lane that lands, and how its home is named on a command line. */
export interface LandedLane {
  readonly lane: string;
  readonly branch: string;
  /** What `git push` takes: `.` for the repository itself. */
  readonly home: string;
}

const SHOWN = 50;
const TASKS_IN_MESSAGE = 100;

/** The tasks behind the commits, each once, oldest first. */
export function tasksOf(commits: readonly LaneCommit[]): string[] {
  return [...new Set(commits.flatMap(({ task }) => task ?? []).toReversed())];
}

/** The message of a merge commit. */
export function mergeMessage(lane: string, commits: readonly LaneCommit[]): string {
  const tasks = tasksOf(commits);
  const listed = tasks.slice(0, TASKS_IN_MESSAGE).map((task) => `- ${task}`);
  if (tasks.length > listed.length) listed.push(`- and ${tasks.length - listed.length} more`);
  const subject = `merge: lane ${lane} (${counted(tasks.length, 'task')})`;
  return listed.length === 0 ? `merge: lane ${lane}` : `${subject}\n\n${listed.join('\n')}`;
}

/** For machines. */
export function landRecord({ lane, branch }: LandedLane, landed: Land): object {
  const { commits, ...rest } = landed;
  return { lane, branch, ...rest, commits, tasks: tasksOf(commits) };
}

/** For people. */
export function landText(lane: LandedLane, landed: Land, paint: Paint = noPaint): string {
  const { into, commits, tip } = landed;
  const what = `${counted(commits.length, 'commit')}, ${counted(tasksOf(commits).length, 'task')}`;
  const listed = commits.slice(0, SHOWN).map((one) => commitLine(one, paint));
  if (commits.length > SHOWN) listed.push(`  and ${commits.length - SHOWN} more`);
  switch (landed.status) {
    case 'nothing-new':
      return [`${into} has all of ${lane.branch} already`, ...behind(lane, landed)].join('\n');
    case 'conflict':
      return conflictText(lane, landed.files, landed.isKept, into);
    default: {
      const how =
        landed.how === 'fast-forward' ? 'forwarded to' : `merged ${short(tip)} as ${short(landed.to)}, of`;
      const head =
        landed.how === 'fast-forward'
          ? `${into} ${how} ${short(tip)} of ${lane.branch}: ${what}`
          : `${into} ${how} ${lane.branch}: ${what}`;
      return [paint('bold', head), ...listed, ...behind(lane, landed)].join('\n');
    }
  }
}

function conflictText(
  { branch }: LandedLane,
  files: readonly string[],
  isKept: boolean,
  into: string,
): string {
  const listed = files.map((file) => `  ${singleLine(file)}`);
  const next = isKept
    ? 'the merge stands as it is: solve them, `git add` and `git commit`, or `git merge --abort`'
    : 'the merge was taken back and everything is as it was; --keep-conflict leaves it for you to solve';
  return [`${branch} and ${into} change the same places:`, ...listed, next].join('\n');
}

/** What the lane doesn't have yet, and how it gets it: the branch holds all of the lane by now. */
function behind({ lane, branch, home }: LandedLane, landed: Land): string[] {
  const { ahead, into } = landed;
  const isMerge = landed.status === 'landed' && landed.how === 'merge';
  const missing = ahead + (isMerge ? 1 : 0);
  if (missing === 0) return [];
  const at = landed.status === 'landed' ? landed.to : landed.from;
  return [
    `${into} is ${counted(missing, 'commit')} ahead of ${branch}: new work does not build on ${missing === 1 ? 'it' : 'them'} yet. While no commit is under way, the lane takes ${missing === 1 ? 'it' : 'them'} in by`,
    `  git push ${home} ${short(at)}:refs/heads/${branch} && waggle lane adopt ${lane} ${at}`,
  ];
}

const short = (commit: string): string => commit.slice(0, 12);

function commitLine({ commit, subject, task, agent }: LaneCommit, paint: Paint): string {
  const whose = task === undefined ? '' : ` (${[task, agent].filter(Boolean).join(', ')})`;
  return `  ${paint('dim', short(commit))} ${singleLine(subject)}${whose}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
