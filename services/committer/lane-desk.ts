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

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Opens the lane's home and clone on first use. Errors: those of the home. */
  async hands(lane: Pick<LaneRef, 'home'>, signal: AbortSignal): Promise<LaneHands> {
    const known = this.#open.get(lane.home);
    if (known !== undefined) return known;
    const place = join(
      this.#stateDir,
      'lanes',
      createHash('sha256').update(lane.home).digest('hex').slice(0, 16),
    );
    const home = await openHome(lane.home, join(place, 'home.git'), signal);
    const clone = await openCommitClone({ dir: join(place, 'clone.git'), home, signal });
    const hands = { home, clone };
    this.#open.set(lane.home, hands);
    return hands;
  }
}
