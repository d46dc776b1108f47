/**
 * From what was typed to the tasks that are meant: ids in any case, or beginnings that no other task has.
 */
import type { TaskView } from '../../../../schemas/index.ts';
import type { BoardClient } from '../../../../shared/bus/board-client.ts';

/** Each task once, in the order they were named. Errors: `refused` for one that isn't there or is ambiguous. */
export async function resolveTasks(
  client: BoardClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<TaskView[]> {
  const views = new Map<string, TaskView>();
  for (const id of ids) {
    const { view } = await client.query({ v: 1, kind: 'task', id }, signal);
    views.set(view.task.id, view);
  }
  return [...views.values()];
}
