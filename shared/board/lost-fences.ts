/**
 * Where fences go on when a part of the journal is lost: beyond every fence that the lost part may have given, because
 * a fence, and the run that is named after it, must never mean two things. Commits in a lane's branch carry them.
 */
import type { Board } from './state.ts';

/** More grants than a project gives in a second. */
const FENCES_A_SECOND = 20_000;
/** Clocks of machines differ. */
const MARGIN = 1_000_000;

/** The next fence of a board whose journal may have gone on for `lostMs` behind what is known of it. */
export function fenceBeyond({ nextFence }: Pick<Board, 'nextFence'>, lostMs: number): number {
  return nextFence + MARGIN + Math.ceil((Math.max(0, lostMs) / 1_000) * FENCES_A_SECOND);
}
