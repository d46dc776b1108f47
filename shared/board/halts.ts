/**
 * Which runs under way must be ended because a budget is used up. Reads only.
 */
import type { Event, Grant, Task } from '../../schemas/index.ts';
import { usedUpText } from './budget-words.ts';
import { usedUp } from './budgets.ts';
import type { Board } from './state.ts';

export interface Halt {
  readonly agent: string;
  readonly fence: number;
  readonly why: string;
}

/** Those of the live grants with these fences. */
export function haltsAmong(board: Board, fences: Iterable<number>, now: number): Halt[] {
  return [...fences].flatMap((fence) => {
    const task = board.tasks.get(board.grants.get(fence) ?? '');
    const grant = task?.grant;
    if (task === undefined || grant === undefined) return [];
    return haltOf(board, task, grant, now);
  });
}

/** Those that a batch of events, which the board holds already, has just ended the budget of. */
export function haltsOf(board: Board, events: readonly Event[]): Halt[] {
  const marks = events.flatMap((event) =>
    event.type === 'budget_reached' && event.mark.level === 'stop' ? [event.mark] : [],
  );
  if (marks.length === 0) return [];
  const halts: Halt[] = [];
  for (const [fence, id] of board.grants) {
    const task = board.tasks.get(id);
    const grant = task?.grant;
    if (task === undefined || grant?.kind !== 'work') continue;
    const mark = marks.find(
      ({ scope, name }) => scope === 'project' || name === (scope === 'task' ? task.id : grant.profile),
    );
    if (mark !== undefined) halts.push({ agent: grant.agent, fence, why: usedUpText(mark) });
  }
  return halts;
}

function haltOf(board: Board, task: Task, grant: Grant, now: number): Halt[] {
  const mark = usedUp(board, task, grant, now);
  return mark === undefined ? [] : [{ agent: grant.agent, fence: grant.fence, why: usedUpText(mark) }];
}
