/**
 * Board records for the tests of what shows them.
 */
import type { TaskView } from '../../../../schemas/index.ts';

/** A view of a task with the given differences from a plain open one. */
export function viewOf(
  task: Partial<TaskView['task']> = {},
  rest: Partial<Omit<TaskView, 'task'>> = {},
): TaskView {
  return {
    task: {
      id: 'a',
      title: 'A task',
      priority: 'P2',
      labels: [],
      deps: [],
      paths: [],
      gates: [],
      expects: 'change',
      state: 'open',
      revision: 1,
      created_at: Date.UTC(2026, 1, 9, 11),
      updated_at: Date.UTC(2026, 1, 9, 12),
      created_by: 'ann',
      attempts: 0,
      losses: 0,
      conflicts: 0,
      attachments: [],
      ...task,
    },
    ready: false,
    blocked_by: [],
    ...rest,
  };
}
