/**
 * A decided input: its events, and how to answer once they are stored.
 */
import type { Event } from '../../schemas/index.ts';
import type { Group } from './batch-store.ts';

export interface Decided extends Pick<Group, 'isDue' | 'onTooLarge'> {
  readonly events: readonly Event[];
  readonly answer: () => void;
}

/** Nothing follows, and nobody waits for an answer. */
export const quiet: Decided = { events: [], answer: () => {} };
