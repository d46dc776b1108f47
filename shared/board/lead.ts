/**
 * The events with which a leader begins: the genesis of a new journal, and `led` with the next term.
 */
import type { Event } from '../../schemas/index.ts';
import type { Board } from './state.ts';

/** `genesis` is a fresh random id, used only when the journal is empty. */
export function leadEvents(
  board: Board,
  identity: { readonly leader: string; readonly project: string; readonly genesis: string },
): Event[] {
  const led: Event = { type: 'led', leader: identity.leader, term: board.term + 1 };
  if (board.genesis !== '') return [led];
  return [{ type: 'genesis', genesis: identity.genesis, project: identity.project }, led];
}
