/**
 * When each name was last seen, by the leader's monotonic clock: beats, presence, mail, claims, commands. Silence counts
 * from when this leader began to listen, at the earliest: from its start, or from the end of the last break of its
 * connection. Who is known at all is learnt from what is stored (`known-names.ts`). Unlike `LifeSigns` it knows nothing of
 * incarnations and grants.
 *
 * 1. Nobody is called unknown unless all that is stored was looked at since then, and nothing was forgotten.
 * 2. Memory is bounded, in two generations: whoever was seen in neither is forgotten, at no cost for each. One that may
 *    have been forgotten counts as seen when the last of those were.
 */
import type { Sighting } from '../../shared/board/decide-letters.ts';
import type { Clock } from '../../shared/clock.ts';

/** So many names make a generation. */
const GENERATION = 20_000;

interface Seen {
  /** The leader's start where a name is only known. */
  readonly at: number;
  /** It said that it leaves: its name is free at once. */
  readonly hasLeft: boolean;
}

export class Sightings {
  readonly #clock: Clock;
  readonly #startedAt: number;
  #listensSince: number;
  #young = new Map<string, Seen>();
  #old = new Map<string, Seen>();
  /** Nobody of the older generation was seen after this. */
  #oldUntil: number;
  /** Nobody who was forgotten was seen after this; the start where nobody was forgotten. */
  #forgottenUntil: number;
  #isComplete = false;
  #hasForgotten = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
    this.#listensSince = this.#startedAt;
    this.#oldUntil = this.#startedAt;
    this.#forgottenUntil = this.#startedAt;
  }

  seen(name: string): void {
    this.#note(name, { at: this.#clock.monotonic(), hasLeft: false });
  }

  /** It said that it leaves: its name is free at once. */
  left(name: string): void {
    this.#note(name, { at: this.#clock.monotonic(), hasLeft: true });
  }

  /** The connection is there again: what was said meanwhile went by. */
  listenAnew(): void {
    this.#listensSince = this.#clock.monotonic();
    this.#isComplete = false;
  }

  /** What is stored tells of these names; `isAll`: and of no others. */
  known(names: Iterable<string>, isAll: boolean): void {
    const at = this.#startedAt;
    for (const name of names) if (this.#last(name) === undefined) this.#note(name, { at, hasLeft: false });
    this.#isComplete ||= isAll;
  }

  of(name: string): Sighting {
    const at = this.#last(name)?.at;
    const mayBeUnknown = this.#isComplete && !this.#hasForgotten;
    const isKnown = at !== undefined ? true : mayBeUnknown ? false : undefined;
    const since = Math.max(at ?? this.#forgottenUntil, this.#listensSince);
    return { isKnown, silentMs: this.#clock.monotonic() - since };
  }

  /** For how long nobody was there under that name; for ever once it has left, as far as that was heard. */
  absentMs(name: string): number {
    const last = this.#last(name);
    const hasLeft = last?.hasLeft === true && last.at >= this.#listensSince;
    return hasLeft ? Number.POSITIVE_INFINITY : this.of(name).silentMs;
  }

  #last(name: string): Seen | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  #note(name: string, seen: Seen): void {
    this.#young.set(name, seen);
    if (this.#young.size < GENERATION) return;
    if ([...this.#old.keys()].some((known) => !this.#young.has(known))) {
      this.#hasForgotten = true;
      this.#forgottenUntil = this.#oldUntil;
    }
    this.#old = this.#young;
    this.#young = new Map();
    this.#oldUntil = this.#clock.monotonic();
  }
}
