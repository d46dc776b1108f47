/**
 * What a test that failed left on the board.
 */
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';

/** Cancels every task that has not ended, so that no later test is granted it. */
export async function cancelAll(client: BoardClient): Promise<void> {
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  for (const { task } of tasks) {
    if (['closed', 'failed', 'cancelled'].includes(task.state)) continue;
    await client.command({ v: 1, kind: 'cancel', id: randomId(), task: task.id });
  }
}
