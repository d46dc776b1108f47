/**
 * The part of the tracker's state that says who has which task and what waits for what, folded as the tracker folds
 * it: the last word wins, and nothing is refused. Grows with the tasks, not with the events. Pure.
 */
import type { TrackerEvent } from './event.ts';

/** A task as the log has left it. */
export interface HeldTask {
  status: string;
  /** Who started it last; undefined for a start without an actor. */
  starter: string | undefined;
  startedAt: number | undefined;
  /** When the log last spoke of it. */
  lastAt: number;
  parent: string | undefined;
  readonly blockers: Set<string>;
}

export const isClosed = (status: string): boolean => status === 'closed';

export class TrackerState {
  readonly tasks = new Map<string, HeldTask>();

  apply(event: TrackerEvent): void {
    const { task: id, type, at } = event;
    if (type === 'task_created') {
      // The first one counts.
      if (!this.tasks.has(id)) {
        const status = event.status ?? 'open';
        this.tasks.set(id, {
          status,
          starter: undefined,
          startedAt: undefined,
          lastAt: at,
          parent: undefined,
          blockers: new Set(),
        });
      }
      return;
    }
    const task = this.tasks.get(id);
    if (task === undefined) return;
    task.lastAt = Math.max(task.lastAt, at);
    switch (type) {
      case 'task_started':
        task.status = event.status ?? 'in_progress';
        task.starter = event.actor;
        task.startedAt = at;
        return;
      case 'task_closed':
        task.status = event.status ?? 'closed';
        return;
      case 'task_status_changed':
        task.status = event.status ?? task.status;
        return;
      case 'task_deleted':
        this.tasks.delete(id);
        return;
      case 'task_parent_set':
        task.parent = event.related;
        return;
      case 'task_parent_cleared':
        if (event.related === undefined || task.parent === event.related) task.parent = undefined;
        return;
      // The task of the event blocks the other one.
      case 'task_blocked':
        this.tasks.get(event.related ?? '')?.blockers.add(id);
        return;
      case 'task_unblocked':
        this.tasks.get(event.related ?? '')?.blockers.delete(id);
        return;
      default:
        return;
    }
  }
}

/** Whether a blocker of the task, or of something above it, is not closed. */
export function isHeldBack({ tasks }: TrackerState, id: string): boolean {
  const seen = new Set<string>();
  for (let next: string | undefined = id; next !== undefined && !seen.has(next); ) {
    seen.add(next);
    const task = tasks.get(next);
    if (task === undefined) return false;
    for (const blocker of task.blockers) {
      const status = tasks.get(blocker)?.status;
      if (status !== undefined && !isClosed(status)) return true;
    }
    next = task.parent;
  }
  return false;
}
