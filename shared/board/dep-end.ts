/**
 * What a task's move means for those that depend on it, and its deps for a task that comes back: a dep that
 * ends failed or cancelled blocks its dependents (DESIGN 4); when it comes back they open again.
 *
 * Invariants, kept by every decision that appends `consequences`: no open task has a failed or cancelled dep;
 * `blocked_on` names a dep of its task that is failed or cancelled.
 */
import type { EventOf, TaskState } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import type { Board } from './state.ts';

type Moved = EventOf<'task_moved'>;

const failedStates: ReadonlySet<TaskState | undefined> = new Set<TaskState>(['failed', 'cancelled']);

/** The first of `deps` that ended in a way that blocks its dependents. */
export function failedDep(board: Board, deps: readonly string[]): string | undefined {
  return deps.find((dep) => failedStates.has(board.tasks.get(dep)?.state));
}

/** The event that blocks a task because `dep` ended as `state`. */
export const blockedBy = (task: string, dep: string, state: TaskState | undefined): Moved => ({
  ...byDep(task),
  to: 'blocked',
  reason: `dep ${dep} ended ${state ?? 'failed'}`,
  blocked_on: dep,
});

/** The event that opens a task which a dep had blocked. */
export const freed = (task: string): Moved => ({ ...byDep(task), to: 'open' });

const byDep = (task: string) => ({ type: 'task_moved', task, by: RESERVED_AGENT, why: 'dep_ended' }) as const;

/** What else follows when tasks are about to enter the states of `moves`. */
export function consequences(board: Board, moves: ReadonlyMap<string, TaskState>): Moved[] {
  const stateOf = (id: string): TaskState | undefined => moves.get(id) ?? board.tasks.get(id)?.state;
  const events = new Map<string, Moved>();
  const settle = (id: string) => {
    const task = board.tasks.get(id);
    if (task === undefined || events.has(id)) return;
    const failed = task.deps.find((dep) => failedStates.has(stateOf(dep)));
    const state = stateOf(id);
    const isFree =
      state === 'blocked' && task.blocked_on !== undefined && !failedStates.has(stateOf(task.blocked_on));
    if (failed !== undefined && (state === 'open' || isFree)) {
      events.set(id, blockedBy(id, failed, stateOf(failed)));
    } else if (isFree) {
      events.set(id, freed(id));
    }
  };
  for (const [id, state] of moves) {
    if (state === 'open') settle(id);
    const mattered = failedStates.has(board.tasks.get(id)?.state);
    if (!mattered && !failedStates.has(state)) continue;
    for (const dependent of board.dependents.get(id) ?? []) settle(dependent);
  }
  return [...events.values()];
}
