/**
 * What a test that failed left on the board.
 */
import type { Task } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';

/** The tasks that have not ended. */
export async function tasksLeft(client: BoardClient): Promise<Task[]> {
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  return tasks.flatMap(({ task }) => (['closed', 'failed', 'cancelled'].includes(task.state) ? [] : [task]));
}

/** Cancels them, so that no later test is granted one. */
export async function cancelAll(client: BoardClient): Promise<void> {
  for (const task of await tasksLeft(client))
    await client.command({ v: 1, kind: 'cancel', id: randomId(), task: task.id });
}
