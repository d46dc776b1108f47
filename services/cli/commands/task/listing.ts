/**
 * All tasks of a question, over as many pages as they take.
 */
import type { TaskState, TaskView } from '../../../../schemas/index.ts';
import type { BoardClient } from '../../../../shared/bus/board-client.ts';

/** In the board's order, each once; the board may change between pages. */
export async function fetchTasks(
  client: BoardClient,
  question: { readonly states?: readonly TaskState[]; readonly ready?: boolean },
  signal: AbortSignal,
): Promise<TaskView[]> {
  const { states, ready } = question;
  const found = new Map<string, TaskView>();
  let after: string | undefined;
  for (;;) {
    const page = await client.query(
      {
        v: 1,
        kind: 'tasks',
        ...(states === undefined ? {} : { states: [...states] }),
        ...(ready === undefined ? {} : { ready }),
        ...(after === undefined ? {} : { after }),
      },
      signal,
    );
    const before = found.size;
    for (const view of page.tasks) found.set(view.task.id, view);
    // When the task that the page before ended with is gone, the board begins again: nothing new, no more.
    if (page.next === undefined || found.size === before) return [...found.values()];
    after = page.next;
  }
}
