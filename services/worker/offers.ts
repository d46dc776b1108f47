/**
 * The profiles that this worker can run now. One whose harness did not start here rests here for a while, longer each
 * time: whatever is missing on this machine must not eat up the attempts of one task after another. Other machines go on
 * with it, and the board takes it from this machine, or stops it for all, when it keeps failing.
 */
import type { Offer } from '../../schemas/index.ts';
import type { Clock } from '../../shared/clock.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';

const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 600_000;

interface Rest {
  /** Monotonic. */
  readonly until: number;
  readonly ms: number;
}

export class Offers {
  readonly #profiles: ReadonlyMap<string, Pick<HarnessProfile, 'harness'>>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #rests = new Map<string, Rest>();
  #only: string | undefined;

  /** `profiles`: in the order in which they are preferred. */
  constructor(
    profiles: ReadonlyMap<string, Pick<HarnessProfile, 'harness'>>,
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#profiles = profiles;
    this.#clock = clock;
  }

  list(): Offer[] {
    const now = this.#clock.monotonic();
    return [...this.#profiles]
      .filter(([name]) => this.#only === undefined || this.#only === name)
      .filter(([name]) => (this.#rests.get(name)?.until ?? now) <= now)
      .map(([profile, { harness }]) => ({ profile, harness }));
  }

  /** Milliseconds until one of them can be run again; 0: one can. */
  restMs(): number {
    if (this.list().length > 0) return 0;
    const ends = [...this.#rests.values()].map(({ until }) => until);
    return Math.max(1, Math.ceil(Math.min(...ends) - this.#clock.monotonic()));
  }

  /** The profile's harness did not start here; how long it rests, in milliseconds. */
  failed(profile: string): number {
    const ms = Math.min(LONGEST_REST_MS, 2 * (this.#rests.get(profile)?.ms ?? FIRST_REST_MS / 2));
    this.#rests.set(profile, { until: this.#clock.monotonic() + ms, ms });
    return ms;
  }

  /** Another task can only go to a harness that runs already, of that profile; undefined: to any again. */
  only(profile: string | undefined): void {
    this.#only = profile;
  }

  /** It did. */
  worked(profile: string): void {
    this.#rests.delete(profile);
  }
}
