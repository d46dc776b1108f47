/**
 * The mirrors a worker keeps open, one for each lane home: looking after one costs more git processes than using
 * it. One that failed is opened anew, because its home may have been moved or made again.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fetchLane, type LaneWanted, type Mirror, openMirror } from '../../shared/git/mirror.ts';

export class MirrorDesk {
  readonly #stateDir: string;
  readonly #open = new Map<string, Mirror>();

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /** A mirror of the home that holds the wanted commit. Errors: those of `openMirror` and `fetchLane`. */
  async fetch(home: string, wanted: LaneWanted): Promise<{ mirror: Mirror; commit: string }> {
    const known = this.#open.get(home);
    if (known !== undefined) {
      try {
        return { mirror: known, commit: await fetchLane(known, wanted) };
      } catch {
        wanted.signal?.throwIfAborted();
        this.#open.delete(home);
      }
    }
    const mirror = await openMirror({ dir: this.#folder(home), home, signal: wanted.signal });
    const commit = await fetchLane(mirror, wanted);
    this.#open.set(home, mirror);
    return { mirror, commit };
  }

  #folder(home: string): string {
    return join(this.#stateDir, 'mirrors', createHash('sha256').update(home).digest('hex').slice(0, 16));
  }
}
