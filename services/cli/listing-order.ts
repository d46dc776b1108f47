/**
 * The order in which tasks are listed. Pure; never changes its input.
 */
import type { TaskState, TaskView } from '../../schemas/index.ts';

/** Live work first, in the order of a task's life; what has ended last. */
const rank: Readonly<Record<TaskState, number>> = {
  open: 0,
  claimed: 1,
  submitted: 1,
  committing: 1,
  blocked: 2,
  failed: 3,
  closed: 4,
  cancelled: 5,
};

/** By state, priority, readiness, latest change, id. */
export function inListOrder(views: readonly TaskView[]): TaskView[] {
  return [...views].sort(
    (a, b) =>
      rank[a.task.state] - rank[b.task.state] ||
      byText(a.task.priority, b.task.priority) ||
      Number(b.ready) - Number(a.ready) ||
      b.task.updated_at - a.task.updated_at ||
      byText(a.task.id, b.task.id),
  );
}

/** By priority, then the oldest first: the order in which they are handed out. */
export function inReadyOrder(views: readonly TaskView[]): TaskView[] {
  return [...views].sort(
    (a, b) =>
      byText(a.task.priority, b.task.priority) ||
      a.task.created_at - b.task.created_at ||
      byText(a.task.id, b.task.id),
  );
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
