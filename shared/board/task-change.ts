/**
 * How a task's record changes, and with it what is counted by state and dep. Called by `evolve` and its parts alone.
 *
 * Invariant: every change of a task raises its revision.
 */
import type { Attachment, Task, TaskState } from '../../schemas/index.ts';
import { refreshTree } from './readiness.ts';
import type { Board } from './state.ts';

/** The task of an event. Throws where there is none: such a journal must not be led on. */
export function taskOf(board: Board, id: string): Task {
  const task = board.tasks.get(id);
  if (task === undefined) throw new Error(`the journal names task ${id}, which was never added`);
  return task;
}

/** Replaces fields of a task; `undefined` clears one. Callers refresh the ready index. */
export function change(
  board: Board,
  task: Task,
  fields: { [K in keyof Task]?: Task[K] | undefined },
  at: number,
): Task {
  const next = { ...task, ...fields, revision: task.revision + 1, updated_at: at } as Task;
  for (const key of Object.keys(fields) as (keyof Task)[]) {
    if (next[key] === undefined) delete next[key];
  }
  board.tasks.set(task.id, next);
  if (task.state !== next.state) {
    count(board, task.state, -1);
    count(board, next.state, 1);
  }
  if ((task.state === 'closed') !== (next.state === 'closed')) {
    const closes = next.state === 'closed';
    for (const id of board.dependents.get(task.id) ?? []) {
      board.unmet.set(id, (board.unmet.get(id) ?? 0) + (closes ? -1 : 1));
      const dependent = board.tasks.get(id);
      if (dependent !== undefined) refreshTree(board, dependent, at);
    }
  }
  return next;
}

/** Counts tasks by state. */
export function count(board: Board, state: TaskState, by: number): void {
  board.counts.set(state, (board.counts.get(state) ?? 0) + by);
}

/** How many notes of earlier tries a task keeps: the newest. */
const ATTACHMENTS_KEPT = 10;

/** The task's notes with a new one. */
export const withAttachment = (task: Task, fresh: Attachment | undefined): Attachment[] =>
  [...task.attachments, ...(fresh === undefined ? [] : [fresh])].slice(-ATTACHMENTS_KEPT);
