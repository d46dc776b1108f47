/**
 * Decides who may use a name and what it says of itself. A name is its holder's while somebody is seen under it; then
 * it is free for the next one. Whether somebody was seen is the leader's word, because deciding has no clock.
 */
import type { CommandOf } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/limits.ts';
import { type Answer, type Decision, refused } from './decision.ts';
import type { Board } from './state.ts';

/** Whoever was seen within this time is there: the seed's `active` in its `who`. */
export const LIVE_MS = 60_000;

/** How an agent's place of work counts as an identity: what runs in its harness registers with the same one. */
export const workIdentity = (state: string): string => `state:${state}`;

const done: Decision<Answer> = { events: [], answer: { status: 'ok' } };

/** `silentMs`: since the leader last saw anybody with that name. */
export function register(
  board: Board,
  from: string,
  { identity, host }: CommandOf<'register'>,
  silentMs: number,
): Decision<Answer> {
  const person = board.people.get(from);
  const isLive = silentMs < LIVE_MS;
  if (from === RESERVED_AGENT || (isLive && isTaken(board, from, identity))) {
    return refused('name-taken', `agent name already registered: ${from}`);
  }
  const isSame = person?.identity === identity && (host === undefined || host === person.host);
  if (isSame) return done;
  const event = {
    type: 'registered',
    agent: from,
    identity,
    ...(host === undefined ? {} : { host }),
  } as const;
  return { events: [event], answer: { status: 'ok' } };
}

/** Whether somebody else has the name: who registered it, or the agent that claims under it. */
function isTaken(board: Board, name: string, identity: string): boolean {
  const agent = board.agents.get(name);
  const holders = [
    board.people.get(name)?.identity,
    agent === undefined ? undefined : workIdentity(agent.place.state),
  ].filter((holder) => holder !== undefined);
  return holders.length > 0 && !holders.includes(identity);
}

export function setStatus(
  board: Board,
  from: string,
  { text, host }: CommandOf<'set_status'>,
): Decision<Answer> {
  const person = board.people.get(from);
  const isSame = person?.status === text && (host === undefined || host === person?.host);
  if (isSame) return done;
  const event = {
    type: 'status_set',
    agent: from,
    ...(text === undefined ? {} : { text }),
    ...(host === undefined ? {} : { host }),
  } as const;
  return { events: [event], answer: { status: 'ok' } };
}
