/**
 * Which tasks are ready: open, all deps closed, no blocked ancestor, `not_before` and backoff passed.
 * Keeps the ready index in step with the board; called by `evolve` and when time passes.
 *
 * An ancestor is blocked when it waits for a dep or is itself in state `blocked`; its whole subtree waits. One
 * that ended waits for nothing any more. Invariant: `board.held` holds exactly the tasks that are held
 * themselves or lie below one that is, so a change costs what it changes and not the depth of the tree.
 */
import type { Task } from '../../schemas/index.ts';
import { groupOf } from './load.ts';
import { passProfiles } from './profiles.ts';
import type { ReadyClass } from './ready-index.ts';
import { type Board, isTerminal } from './state.ts';

/** Whether something other than time holds the task itself back. */
export function isHeld(board: Board, task: Task): boolean {
  if (isTerminal(task)) return false;
  return task.state === 'blocked' || (board.unmet.get(task.id) ?? 0) > 0;
}

/** The nearest ancestor that holds the task back. */
export function heldAncestor(board: Board, task: Task): Task | undefined {
  const seen = new Set([task.id]);
  for (let id = task.parent; id !== undefined && !seen.has(id); ) {
    seen.add(id);
    const ancestor = board.tasks.get(id);
    if (ancestor === undefined) return undefined;
    if (isHeld(board, ancestor)) return ancestor;
    id = ancestor.parent;
  }
  return undefined;
}

/** When the task may start: the later of `not_before` and the end of its backoff; 0 when neither is set. */
export const dueAt = (task: Task): number => Math.max(task.not_before ?? 0, task.retry_at ?? 0);

/** Whether a claim could get the task at `now`, caps and scopes aside. */
export function isReady(board: Board, task: Task, now: number): boolean {
  return (
    task.state === 'open' &&
    !isHeld(board, task) &&
    heldAncestor(board, task) === undefined &&
    dueAt(task) <= now
  );
}

/** Brings the ready index to what the board says about one task at the time `now`. */
export function refresh(board: Board, task: Task, now: number): void {
  if (task.state !== 'open' || board.held.has(task.id)) {
    board.ready.drop(task.id);
  } else if (dueAt(task) > now) {
    board.ready.delay(task.id, dueAt(task));
  } else {
    board.ready.put(task, classOf(board, task), board.ordinals.get(task.id) ?? 0);
    board.chances += 1;
  }
}

/** The same for a task that changed and everything below it that this holds back or lets go. */
export function refreshTree(board: Board, task: Task, now: number): void {
  const todo = [task];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const isShut = isHeld(board, next) || (next.parent !== undefined && board.held.has(next.parent));
    if (isShut !== board.held.has(next.id)) {
      if (isShut) board.held.add(next.id);
      else board.held.delete(next.id);
      for (const child of board.children.get(next.id) ?? []) {
        const found = board.tasks.get(child);
        if (found !== undefined) todo.push(found);
      }
    }
    refresh(board, next, now);
  }
}

/** When time alone changes something next: a task becomes ready, or a profile is free again. */
export function nextDue(board: Board): number | undefined {
  const due = Math.min(board.ready.nextDue() ?? Number.POSITIVE_INFINITY, board.wakeAt);
  return Number.isFinite(due) ? due : undefined;
}

/** Lets time pass: tasks whose time has come become ready, and profiles are free again. */
export function passTime(board: Board, now: number): void {
  passProfiles(board, now);
  for (const id of board.ready.due(now)) {
    const task = board.tasks.get(id);
    if (task !== undefined) refresh(board, task, now);
  }
}

function classOf(board: Board, task: Task): ReadyClass {
  const requires = task.requires ?? {};
  const heavy = task.heavy ?? false;
  const group = groupOf(board.config.policies, task.labels);
  return {
    key: JSON.stringify([task.lane ?? null, requires, heavy, group]),
    lane: task.lane,
    requires,
    heavy,
    group,
  };
}
