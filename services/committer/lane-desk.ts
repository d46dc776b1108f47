/**
 * What a committer keeps open for each lane it serves: the lane's home and its own clone of it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LaneRef } from '../../schemas/index.ts';
import { type CommitClone, openCommitClone } from '../../shared/git/commit-clone.ts';
import type { LaneHome } from '../../shared/git/home.ts';
import { openHome } from '../../shared/git/open-home.ts';

export interface LaneHands {
  readonly home: LaneHome;
  readonly clone: CommitClone;
}

export class LaneDesk {
  readonly #stateDir: string;
  readonly #open = new Map<string, LaneHands>();
  #opening: Promise<unknown> = Promise.resolve();

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Opens the lane's home and clone on first use, one at a time. Errors: those of the home. */
  hands(lane: Pick<LaneRef, 'home'>, signal: AbortSignal): Promise<LaneHands> {
    const hands = this.#opening.then(() => this.#open.get(lane.home) ?? this.#openHome(lane.home, signal));
    // Whoever asked hears of a failure; the next one only waits for its end.
    this.#opening = hands.catch(() => undefined);
    return hands;
  }

  async #openHome(homePlace: string, signal: AbortSignal): Promise<LaneHands> {
    const key = createHash('sha256').update(homePlace).digest('hex').slice(0, 16);
    const place = join(this.#stateDir, 'lanes', key);
    const home = await openHome(homePlace, join(place, 'home.git'), signal);
    const clone = await openCommitClone({ dir: join(place, 'clone.git'), home, signal });
    const hands = { home, clone };
    this.#open.set(homePlace, hands);
    return hands;
  }
}
