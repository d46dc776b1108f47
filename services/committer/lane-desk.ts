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

/** Folder of the state directory that holds a folder for each home. */
export const LANES = 'lanes';
/** Name of the clone in a home's folder. */
export const CLONE = 'clone.git';

export class LaneDesk {
  readonly #stateDir: string;
  readonly #open = new Map<string, Promise<LaneHands>>();

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** Opens the lane's home and clone on first use; a home that hangs holds up no other. Errors: those of the home. */
  async hands(lane: Pick<LaneRef, 'home'>, signal: AbortSignal): Promise<LaneHands> {
    const known = this.#open.get(lane.home);
    if (known !== undefined) return known;
    const opening = this.#openHome(lane.home, signal);
    this.#open.set(lane.home, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#open.get(lane.home) === opening) this.#open.delete(lane.home);
      throw error;
    }
  }

  /** The home is opened anew at the next use: what stands there may be another one by then. */
  forget(lane: Pick<LaneRef, 'home'>): void {
    this.#open.delete(lane.home);
  }

  async #openHome(homePlace: string, signal: AbortSignal): Promise<LaneHands> {
    const key = createHash('sha256').update(homePlace).digest('hex').slice(0, 16);
    const place = join(this.#stateDir, LANES, key);
    const home = await openHome(homePlace, join(place, 'home.git'), signal);
    const clone = await openCommitClone({ dir: join(place, CLONE), home, signal });
    return { home, clone };
  }
}
