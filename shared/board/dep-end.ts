/**
 * What a task's end or return means for those that depend on it: a dep that ends failed or cancelled blocks
 * its dependents (DESIGN 4); when it comes back they open again.
 */
import type { Event, Task } from '../../schemas/index.ts';
import type { Board } from './state.ts';

/** Events that block the open dependents of a task that just ended `failed` or `cancelled`. */
export function blockDependents(board: Board, id: string, how: 'failed' | 'cancelled'): Event[] {
  return dependentsOf(board, id)
    .filter((task) => task.state === 'open')
    .map((task) => ({
      type: 'task_moved',
      task: task.id,
      by: 'orchestrator',
      to: 'blocked',
      why: 'dep_ended',
      reason: `dep ${id} ended ${how}`,
      blocked_on: id,
    }));
}

/** Events that open the dependents which were blocked because this task had ended. */
export function unblockDependents(board: Board, id: string): Event[] {
  return dependentsOf(board, id)
    .filter((task) => task.state === 'blocked' && task.blocked_on === id)
    .map((task) => {
      const other = task.deps.find((dep) => dep !== id && hasFailed(board.tasks.get(dep)));
      const common = { type: 'task_moved', task: task.id, by: 'orchestrator', why: 'dep_ended' } as const;
      return other === undefined
        ? { ...common, to: 'open' as const }
        : {
            ...common,
            to: 'blocked' as const,
            reason: `dep ${other} ended ${board.tasks.get(other)?.state ?? 'failed'}`,
            blocked_on: other,
          };
    });
}

/** Whether a dep ended in a way that blocks its dependents. */
export const hasFailed = (task: Task | undefined): boolean =>
  task?.state === 'failed' || task?.state === 'cancelled';

function dependentsOf(board: Board, id: string): Task[] {
  return [...(board.dependents.get(id) ?? [])].flatMap((dependent) => board.tasks.get(dependent) ?? []);
}
