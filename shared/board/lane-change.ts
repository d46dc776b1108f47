/**
 * How a lane's record changes. Called by `evolve` and its parts alone.
 */
import type { Board, LaneRecord } from './state.ts';

/** The lane's record; made on first use. */
export function laneOf(board: Board, name: string): LaneRecord {
  return board.lanes.get(name) ?? { commits: 0, waiting: new Set() };
}

type LaneChange = Omit<LaneRecord, 'tip' | 'moved_to'> & {
  tip?: string | undefined;
  moved_to?: string | undefined;
};

/** Puts the record in place; `undefined` clears a field. */
export function setLane(board: Board, name: string, { tip, moved_to, ...rest }: LaneChange): void {
  board.lanes.set(name, {
    ...rest,
    ...(tip === undefined ? {} : { tip }),
    ...(moved_to === undefined ? {} : { moved_to }),
  });
}
