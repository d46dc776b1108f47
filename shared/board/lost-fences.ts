/**
 * Where fences and terms go on when a part of the journal is lost: beyond all that the lost part may have used. A fence,
 * and the run that is named after it, must never mean two things: commits in a lane's branch carry them. And whoever
 * heard of a term believes no older one, so a leader that began below it would be heard by nobody who was there before.
 */
import type { Board } from './state.ts';

/** More grants than a project gives in a second. */
const FENCES_A_SECOND = 20_000;
/** More terms than a project has in a second: after each one the leader rests. */
const TERMS_A_SECOND = 1;
/** Clocks of machines differ. */
const MARGIN = 1_000_000;

/** The next fence of a board whose journal may have gone on for `lostMs` behind what is known of it. */
export function fenceBeyond({ nextFence }: Pick<Board, 'nextFence'>, lostMs: number): number {
  return nextFence + MARGIN + Math.ceil((Math.max(0, lostMs) / 1_000) * FENCES_A_SECOND);
}

/**
 * A term that nobody has led yet, for a board whose journal may have gone on for `lostMs` behind what is known of it;
 * the next leader's is above it.
 */
export function termBeyond({ term }: Pick<Board, 'term'>, lostMs: number): number {
  return term + MARGIN + Math.ceil((Math.max(0, lostMs) / 1_000) * TERMS_A_SECOND);
}
