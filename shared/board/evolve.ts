/**
 * `evolve`: what an event does to the board. Total, deterministic, without a clock: events carry results,
 * so folding the same journal gives the same board on every machine and in every version.
 *
 * Invariants: 1. a task has at most one live grant; 2. fences only grow; 3. every change of a task raises
 * its revision. A batch that would break 1 or 2 throws: such a journal must not be led on.
 */
import type { Event, EventOf, Task, TaskPatch } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { forgetTask, noteLevel, reviewLevels } from './budgets.ts';
import { endGrant, grantTask, loadKey, saveTree, settle } from './evolve-grant.ts';
import { evolveUsage } from './evolve-usage.ts';
import { laneOf, setLane } from './lane-change.ts';
import { dropLettersAbove, evolveLetters } from './letters.ts';
import { evolveAgent, evolvePerson } from './people.ts';
import { dropPools } from './pools.ts';
import { evolveProfile, freeHost, setWake } from './profiles.ts';
import { passTime, refresh, refreshTree } from './readiness.ts';
import { ANSWERS_KEPT, type Board } from './state.ts';
import { change, count, taskOf, withAttachment } from './task-change.ts';

/** Advances the board by one event, in place. `at` is the journal time of its batch. */
export function evolve(board: Board, event: Event, at: number): Board {
  switch (event.type) {
    case 'genesis':
      board.genesis = event.genesis;
      board.project = event.project;
      return board;
    case 'led':
      board.term = event.term;
      board.leader = event.leader;
      return board;
    case 'configured':
      configure(board, event, at);
      return board;
    case 'answered':
      board.answers.set(event.command, event);
      for (const oldest of board.answers.keys()) {
        if (board.answers.size <= ANSWERS_KEPT) break;
        board.answers.delete(oldest);
      }
      return board;
    case 'task_added':
      addTask(board, event.task, at);
      return board;
    case 'task_edited':
      editTask(board, taskOf(board, event.task), event.patch, at);
      return board;
    case 'agent_seen':
      evolveAgent(board, event);
      freeHost(board, event.place.host);
      return board;
    case 'granted':
      grantTask(board, taskOf(board, event.task), event.grant);
      return board;
    case 'grant_ended':
      endGrant(board, taskOf(board, event.task), event, at);
      return board;
    case 'commit_landed': {
      const lane = laneOf(board, event.lane);
      setLane(board, event.lane, { ...lane, tip: event.new, commits: lane.commits + 1 });
      return board;
    }
    case 'task_moved':
      moveTask(board, taskOf(board, event.task), event, at);
      return board;
    case 'verb_deferred': {
      const task = taskOf(board, event.task);
      change(board, task, { deferred: [...(task.deferred ?? []), event.deferred] }, at);
      return board;
    }
    case 'progressed': {
      const task = taskOf(board, event.task);
      const { nudged_at: _, ...grant } = task.grant ?? { nudged_at: 0 };
      const isLive = 'fence' in grant;
      change(board, task, { note: event.note, ...(isLive ? { grant } : {}) }, at);
      return board;
    }
    case 'lane_tip':
      board.chances += 1;
      board.nextFence = Math.max(board.nextFence, event.next_fence ?? 0);
      setLane(board, event.lane, { ...laneOf(board, event.lane), tip: event.tip, moved_to: undefined });
      return board;
    case 'lane_moved':
      setLane(board, event.lane, { ...laneOf(board, event.lane), moved_to: event.found });
      return board;
    case 'commit_idle':
      board.commitIdle = true;
      return board;
    case 'format':
      board.format = event.format;
      return board;
    case 'checkpointed':
      saveTree(board, taskOf(board, event.task), event, at);
      return board;
    case 'stale_seen': {
      const task = taskOf(board, event.task);
      if (task.grant?.fence !== event.fence)
        throw new Error(`grant ${event.fence} of ${task.id} is not live`);
      change(board, task, { grant: { ...task.grant, nudged_at: at } }, at);
      return board;
    }
    case 'attached': {
      const task = taskOf(board, event.task);
      change(board, task, { attachments: withAttachment(task, event.attachment) }, at);
      return board;
    }
    case 'continued':
      board.nextFence = Math.max(board.nextFence, event.next_fence ?? 0);
      dropLettersAbove(board.letters, event.mail_seq);
      return board;
    case 'registered':
    case 'status_set':
      evolvePerson(board.people, event, at);
      return board;
    case 'letter_posted':
    case 'letter_settled':
    case 'letter_delivered':
    case 'letter_overdue':
    case 'letter_dead':
    case 'letter_redelivered':
      evolveLetters(board.letters, event, at);
      return board;
    case 'profile_cooled':
    case 'profile_stopped':
    case 'profile_resumed':
    case 'profile_quota':
      evolveProfile(board, event, at);
      return board;
    case 'run_used':
    case 'run_recorded':
      evolveUsage(board, event, at);
      return board;
    case 'budget_reached':
      noteLevel(board, event);
      return board;
    case 'taken_over':
      // Told for people: what it means for the board stands in the `grant_ended` that follows.
      return board;
    default:
      return assertNever(event);
  }
}

function configure(board: Board, event: EventOf<'configured'>, at: number): void {
  board.config = event.config;
  for (const name of Object.keys(event.config.lanes)) setLane(board, name, laneOf(board, name));
  // Weights and policies decide where a ready task stands and what is parked: arrange all of them again.
  board.ready.clear();
  for (const task of board.tasks.values()) if (task.state === 'open') refresh(board, task, at);
  dropPools(board);
  reviewLevels(board, at);
  setWake(board, at);
  board.chances += 1;
}

function addTask(board: Board, task: Task, at: number): void {
  if (board.tasks.has(task.id)) throw new Error(`task ${task.id} was added before`);
  board.tasks.set(task.id, task);
  board.ordinals.set(task.id, board.nextOrdinal);
  board.nextOrdinal += 1;
  count(board, task.state, 1);
  link(board, task);
  refreshTree(board, task, at);
}

function link(board: Board, task: Task): void {
  let unmet = 0;
  for (const dep of new Set(task.deps)) {
    index(board.dependents, dep).add(task.id);
    // A dep that is added later in the same batch counts as unmet from the start.
    if (board.tasks.get(dep)?.state !== 'closed') unmet += 1;
  }
  board.unmet.set(task.id, unmet);
  if (task.parent !== undefined) index(board.children, task.parent).add(task.id);
}

function unlink(board: Board, task: Task): void {
  for (const dep of task.deps) board.dependents.get(dep)?.delete(task.id);
  if (task.parent !== undefined) board.children.get(task.parent)?.delete(task.id);
}

function index(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<string>();
  sets.set(key, made);
  return made;
}

function editTask(board: Board, task: Task, patch: TaskPatch, at: number): void {
  unlink(board, task);
  const holds = board.ready.scopes(task.lane ?? '');
  const active = task.grant?.kind === 'work' || task.submission !== undefined;
  if (active) holds.remove(task.id, task.paths);
  const fields = Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [key, value === null ? undefined : value]),
  );
  const next = change(board, task, fields, at);
  if (active) {
    holds.add(task.id, next.paths);
    board.ready.unpark(task.id);
    board.chances += 1;
  }
  if (task.grant?.kind === 'work') board.load.change(task.grant.fence, loadKey(board, next, task.grant));
  link(board, next);
  refreshTree(board, next, at);
}

function moveTask(board: Board, task: Task, event: EventOf<'task_moved'>, at: number): void {
  if (task.grant !== undefined)
    throw new Error(`task ${task.id} moved while grant ${task.grant.fence} is live`);
  const next = change(
    board,
    task,
    {
      state: event.to,
      submission: undefined,
      deferred: undefined,
      retry_at: undefined,
      closing: event.closing,
      blocked_reason: event.to === 'blocked' || event.to === 'failed' ? event.reason : undefined,
      blocked_on: event.blocked_on,
      ...(event.reset === true ? { attempts: 0, losses: 0, conflicts: 0, used_before: task.used } : {}),
    },
    at,
  );
  if (event.reset === true) forgetTask(board, task.id);
  board.chances += 1;
  settle(board, next, at);
}

/** Folds a whole batch: its events, then the passing of time. */
export function evolveBatch(
  board: Board,
  batch: { readonly at: number; readonly events: readonly Event[] },
): Board {
  for (const event of batch.events) evolve(board, event, batch.at);
  passTime(board, batch.at);
  return board;
}
