/**
 * The events with which a leader begins: the genesis of a new journal, `led` with the next term, and what a
 * predecessor's death left undone: dependents of an ended dep that were not blocked yet. (One input's events
 * are stored in one batch unless they alone are larger than a message.)
 */
import type { Event } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import { blockedBy, failedDep } from './dep-end.ts';
import { FORMAT } from './format.ts';
import type { Board } from './state.ts';

/** `genesis` is a fresh random id, used only when the journal is empty. */
export function leadEvents(
  board: Board,
  identity: { readonly leader: string; readonly project: string; readonly genesis: string },
): Event[] {
  const led: Event = { type: 'led', leader: identity.leader, term: board.term + 1 };
  if (board.genesis !== '') return [led, ...unblocked(board)];
  return [
    { type: 'genesis', genesis: identity.genesis, project: identity.project },
    { type: 'format', format: FORMAT, by: RESERVED_AGENT },
    led,
  ];
}

function unblocked(board: Board): Event[] {
  return [...board.tasks.values()].flatMap((task) => {
    const dep = task.state === 'open' ? failedDep(board, task.deps) : undefined;
    return dep === undefined ? [] : [blockedBy(task.id, dep, board.tasks.get(dep)?.state)];
  });
}
