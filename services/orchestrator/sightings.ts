/**
 * When each name was last seen, by the leader's monotonic clock: beats, presence, mail, claims, commands. Starts empty
 * with each leader, so that silence counts from the leader's own start at the earliest; who is known at all is learnt
 * from what is stored (`known-names.ts`). Unlike `LifeSigns` it knows nothing of incarnations and grants.
 *
 * Nobody is called unknown unless all that is stored was looked at, and nothing was forgotten since.
 */
import type { Sighting } from '../../shared/board/decide-letters.ts';
import type { Clock } from '../../shared/clock.ts';

/** Of more names than this the rest is not remembered: the longest unseen ones go first. */
const KEPT = 20_000;

export class Sightings {
  readonly #clock: Clock;
  readonly #startedAt: number;
  /** The leader's start where a name is only known. */
  readonly #last = new Map<string, number>();
  readonly #left = new Set<string>();
  #isComplete = false;
  #hasForgotten = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  seen(name: string): void {
    this.#left.delete(name);
    this.#note(name, this.#clock.monotonic());
  }

  /** It said that it leaves: its name is free at once. */
  left(name: string): void {
    this.seen(name);
    this.#left.add(name);
  }

  /** What is stored tells of these names; `isAll`: and of no others. */
  known(names: Iterable<string>, isAll: boolean): void {
    for (const name of names) if (!this.#last.has(name)) this.#note(name, this.#startedAt);
    this.#isComplete ||= isAll;
  }

  of(name: string): Sighting {
    const at = this.#last.get(name);
    const mayBeUnknown = this.#isComplete && !this.#hasForgotten;
    const isKnown = at !== undefined ? true : mayBeUnknown ? false : undefined;
    return { isKnown, silentMs: this.#clock.monotonic() - (at ?? this.#startedAt) };
  }

  /** For how long nobody was there under that name; for ever once it has left. */
  absentMs(name: string): number {
    return this.#left.has(name) ? Number.POSITIVE_INFINITY : this.of(name).silentMs;
  }

  #note(name: string, at: number): void {
    this.#last.delete(name);
    this.#last.set(name, at);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= KEPT) break;
      this.#last.delete(oldest);
      this.#left.delete(oldest);
      this.#hasForgotten = true;
    }
  }
}
