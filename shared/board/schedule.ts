/**
 * The scheduler: which ready task a waiting claim gets, and which submission a waiting committer gets.
 *
 * Order of the rules (DESIGN 4): capabilities → caps → path scopes → priority → fair share → age. The cost
 * of a pick grows with the number of kinds of tasks, never with the number of tasks.
 */
import type { Capabilities, Offer, Requires, Task } from '../../schemas/index.ts';
import { isPaused, projectMark } from './budgets.ts';
import { PROFILES_FORMAT } from './format.ts';
import { entryOf } from './lookup.ts';
import { offersOf, type ProfileObstacle, profileObstacle, suits } from './offers.ts';
import { turnOf } from './pools.ts';
import type { Candidate, ReadyClass } from './ready-index.ts';
import type { Board } from './state.ts';

/** Why a claim may not run tasks of a class now, although it could. */
export type Obstacle =
  | 'lane-unopened'
  | 'lane-held'
  | 'cap-grants'
  | 'cap-lane'
  | 'cap-heavy'
  | 'budget-project'
  | ProfileObstacle;

/** A task, and the profile that runs it. `pool`: the pool whose turn that is. */
export interface Chosen {
  readonly task: Task;
  readonly profile: string;
  readonly pool?: string;
}

/** The best ready task that the agent that asks may run now, with the profile whose turn it is. */
export function pickTask(board: Board, agent: string, asker: Capabilities, now: number): Chosen | undefined {
  if (board.ready.size() === 0 || projectObstacle(board, now) !== undefined) return undefined;
  const offers = offersOf(asker);
  // Most that ask wait for tasks of a kind that they cannot run: their profiles need no look.
  const open = [...board.ready.classes()].filter((of) => isOpenTo(board, of, asker, offers));
  if (open.length === 0) return undefined;
  const free = offers.filter(({ profile }) => profileObstacle(board, profile, now, agent) === undefined);
  let best: Candidate | undefined;
  for (const of of open) {
    if (!free.some((offer) => suits(of.requires, offer))) continue;
    const head = board.ready.head(of, (task) => scopeHolder(board, task));
    if (head !== undefined && (best === undefined || goesBefore(board, head, best))) best = head;
  }
  const task = best === undefined ? undefined : board.tasks.get(best.task);
  if (best === undefined || task === undefined) return undefined;
  const { requires } = best.of;
  const offer = turnOf(
    board,
    asker.pool,
    free.filter((one) => suits(requires, one)),
    now,
  );
  return offer === undefined ? undefined : { task, profile: offer.profile, ...poolOf(board, asker) };
}

/** An older journal cannot say it. */
const poolOf = (board: Board, { pool }: Capabilities): { pool?: string } =>
  pool === undefined ||
  board.format < PROFILES_FORMAT ||
  entryOf(board.config.pools ?? {}, pool) === undefined
    ? {}
    : { pool };

function goesBefore(board: Board, a: Candidate, b: Candidate): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (a.of.group !== b.of.group) {
    const share = board.load.share(a.of.group) - board.load.share(b.of.group);
    if (share !== 0) return share < 0;
  }
  return a.ordinal < b.ordinal;
}

/** Whether the asker may run tasks of this class now, once one of its profiles is free. */
function isOpenTo(board: Board, of: ReadyClass, asker: Capabilities, offers: readonly Offer[]): boolean {
  return (
    isCapable(of.requires, of.lane, asker) &&
    offers.some((offer) => suits(of.requires, offer)) &&
    laneObstacle(board, of.lane) === undefined &&
    capObstacle(board, of) === undefined
  );
}

/** Whether the project may use nothing more. */
export const projectObstacle = (board: Board, now: number): Obstacle | undefined =>
  isPaused(projectMark(board, now)) ? 'budget-project' : undefined;

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

/** Whether the asker has what is required, whichever of its profiles runs it. */
function isCapable(requires: Requires, lane: string | undefined, asker: Capabilities): boolean {
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
