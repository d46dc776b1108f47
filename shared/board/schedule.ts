/**
 * The scheduler: which ready task a waiting claim gets, and which submission a waiting committer gets.
 *
 * Order of the rules (DESIGN 4): capabilities → caps → path scopes → priority → fair share → age. The cost
 * of a pick grows with the number of kinds of tasks, never with the number of tasks.
 */
import type { BoardConfig, Capabilities, Requires, Task } from '../../schemas/index.ts';
import { entryOf } from './lookup.ts';
import type { Candidate, ReadyClass } from './ready-index.ts';
import type { Board } from './state.ts';

/** Why a claim may not run tasks of a class now. */
export type Obstacle =
  | 'capabilities'
  | 'lane-unopened'
  | 'lane-held'
  | 'cap-grants'
  | 'cap-lane'
  | 'cap-heavy'
  | 'cap-profile';

/** The best ready task that the asker may run now. */
export function pickTask(board: Board, asker: Capabilities): Task | undefined {
  if (board.ready.size() === 0) return undefined;
  let best: Candidate | undefined;
  for (const of of board.ready.classes()) {
    if (obstacle(board, of, asker) !== undefined) continue;
    const head = board.ready.head(of, (task) => scopeHolder(board, task));
    if (head !== undefined && (best === undefined || goesBefore(board, head, best))) best = head;
  }
  return best === undefined ? undefined : board.tasks.get(best.task);
}

function goesBefore(board: Board, a: Candidate, b: Candidate): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (a.of.group !== b.of.group) {
    const share = board.load.share(a.of.group) - board.load.share(b.of.group);
    if (share !== 0) return share < 0;
  }
  return a.ordinal < b.ordinal;
}

/** The first rule that keeps the asker from tasks of this class, capabilities before caps. */
export function obstacle(board: Board, of: ReadyClass, asker: Capabilities): Obstacle | undefined {
  if (!isCapable(of.requires, of.lane, asker)) return 'capabilities';
  return (
    laneObstacle(board, of.lane) ??
    capObstacle(board, of) ??
    profileObstacle(board.config, board, asker.profile)
  );
}

/** Whether the lane can give a worker a commit to start from. */
export function laneObstacle(board: Board, lane: string | undefined): Obstacle | undefined {
  if (lane === undefined) return undefined;
  const record = board.lanes.get(lane);
  if (record?.moved_to !== undefined) return 'lane-held';
  return record?.tip === undefined ? 'lane-unopened' : undefined;
}

/** Caps that do not depend on who asks. */
export function capObstacle(board: Board, of: Pick<ReadyClass, 'lane' | 'heavy'>): Obstacle | undefined {
  const { policies } = board.config;
  const { load } = board;
  if (policies.max_grants !== undefined && load.total() >= policies.max_grants) return 'cap-grants';
  if (of.heavy && load.heavy() >= policies.max_heavy) return 'cap-heavy';
  if (
    of.lane !== undefined &&
    policies.max_per_lane !== undefined &&
    load.lane(of.lane) >= policies.max_per_lane
  ) {
    return 'cap-lane';
  }
  return undefined;
}

/** Whether no more grants may go to a profile now. */
export function profileObstacle(config: BoardConfig, board: Board, profile: string): Obstacle | undefined {
  const cap = entryOf(config.profiles, profile)?.max_concurrency;
  return cap !== undefined && board.load.profile(profile) >= cap ? 'cap-profile' : undefined;
}

/** Whether the asker has everything that is required. */
export function isCapable(requires: Requires, lane: string | undefined, asker: Capabilities): boolean {
  if (requires.harness !== undefined && requires.harness !== asker.harness) return false;
  if (requires.profile !== undefined && requires.profile !== asker.profile) return false;
  if (requires.os !== undefined && requires.os !== asker.os) return false;
  if (requires.repo !== undefined && asker.repos?.includes(requires.repo) !== true) return false;
  if (requires.labels?.every((label) => asker.labels?.includes(label)) === false) return false;
  return lane === undefined || asker.lanes === undefined || asker.lanes.includes(lane);
}

/** The task whose live grant or waiting submission overlaps this one's paths, when such tasks take turns. */
export function scopeHolder(board: Board, id: string): string | undefined {
  return board.config.policies.paths === 'warn' ? undefined : overlapping(board, id);
}

/** The task whose live grant or waiting submission overlaps this one's paths, whatever the policy. */
export function overlapping(board: Board, id: string): string | undefined {
  const task = board.tasks.get(id);
  if (task === undefined || task.paths.length === 0) return undefined;
  return board.ready.scopes(task.lane ?? '').overlap(task.paths, id);
}

/**
 * The submission a committer should take: of the free lanes it serves, the one that waits longest. In a lane
 * an unresolved one goes first (what stands in the branch must be known before anything is built on it).
 */
export function pickSubmission(board: Board, lanes: readonly string[] | undefined): Task | undefined {
  let longest: Task | undefined;
  for (const [name, lane] of board.lanes) {
    if (lane.waiting.size === 0 || lane.committing !== undefined) continue;
    if (lanes !== undefined && !lanes.includes(name)) continue;
    if (entryOf(board.config.lanes, name) === undefined || laneObstacle(board, name) !== undefined) continue;
    const first = lane.unresolved ?? lane.waiting.values().next().value;
    const task = first === undefined ? undefined : board.tasks.get(first);
    if (task !== undefined && (longest === undefined || submittedAt(task) < submittedAt(longest)))
      longest = task;
  }
  return longest;
}

const submittedAt = (task: Task): number => task.submission?.submitted_at ?? 0;
