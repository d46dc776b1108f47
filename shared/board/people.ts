/**
 * Who uses which name: people as they registered and what they say of themselves, and agents by their incarnations.
 * Knows nothing of who may take a name.
 */
import type { EventOf, Person } from '../../schemas/index.ts';
import type { Board } from './state.ts';

/** How many people a board keeps: whoever did nothing for longest goes first. */
export const PEOPLE_KEPT = 5_000;

/** A name came into use, or what it says of itself changed. */
export function evolvePerson(
  people: Map<string, Person>,
  event: EventOf<'registered' | 'status_set'>,
  at: number,
): void {
  const known = people.get(event.agent);
  const { status, ...rest } = known ?? {};
  const host = event.host === undefined ? {} : { host: event.host };
  const person = { ...rest, name: event.agent, ...host, first_seen: known?.first_seen ?? at, last_seen: at };
  // Oldest first by what they did last.
  people.delete(event.agent);
  people.set(event.agent, {
    ...person,
    ...(event.type === 'registered'
      ? { identity: event.identity, ...statusKept(known, event.identity) }
      : event.text === undefined
        ? {}
        : { status: event.text }),
  });
  for (const oldest of people.keys()) {
    if (people.size <= PEOPLE_KEPT) break;
    people.delete(oldest);
  }
}

/** What one said of itself is not true of the next one with that name. */
function statusKept(known: Person | undefined, identity: string): { status?: string } {
  const isSame = known?.identity === undefined || known.identity === identity;
  return isSame && known?.status !== undefined ? { status: known.status } : {};
}

/** An agent's new incarnation was accepted. */
export function evolveAgent(board: Board, event: EventOf<'agent_seen'>): void {
  const known = board.agents.get(event.agent);
  const ended = new Set(known?.ended);
  if (known !== undefined && known.incarnation !== event.incarnation) ended.add(known.incarnation);
  board.agents.set(event.agent, {
    incarnation: event.incarnation,
    place: event.place,
    ended,
    slots: new Map(),
  });
}
