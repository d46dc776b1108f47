/**
 * What a committer knows of the lanes it serves: which of them it may claim for, and which are in trouble (their home
 * is away, their branch is checked out, their remote refuses pushes). Pure but for the clock it is given.
 *
 * 1. Only open lanes are claimed for: a lane in trouble holds up neither the others nor the committer.
 * 2. A lane in trouble is tried again after a wait that doubles. Opening it again does not end that: only an outcome
 *    that got through to its home does, so that a home which is readable but refuses pushes is not tried in a spin.
 */
import type { BoardConfig } from '../../schemas/index.ts';
import type { Clock } from '../../shared/clock.ts';

type Place = Pick<BoardConfig['lanes'][string], 'home' | 'branch'>;

interface Entry {
  /** Where its branch lies: a lane that lies elsewhere now is another one. */
  readonly place: string;
  isOpen: boolean;
  failures: number;
  reason: string | undefined;
  /** Monotonic time from which on it may be tried. */
  dueAt: number;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;

export interface Trouble {
  /** Whether this is said for the first time since the lane was last well. */
  readonly isNews: boolean;
  readonly waitMs: number;
}

export class LaneBook {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over what is configured: lanes that left are forgotten, new and moved ones are due at once. */
  configure(lanes: ReadonlyMap<string, Place>): void {
    let hasChanged = false;
    for (const name of [...this.#lanes.keys()]) {
      if (lanes.has(name)) continue;
      hasChanged = this.#lanes.delete(name);
    }
    for (const [name, { home, branch }] of lanes) {
      const place = placeOf({ home, branch });
      if (this.#lanes.get(name)?.place === place) continue;
      this.#lanes.set(name, { place, isOpen: false, failures: 0, reason: undefined, dueAt: 0 });
      hasChanged = true;
    }
    if (hasChanged) this.#tell();
  }

  /** The lanes to claim for now. */
  open(): string[] {
    return [...this.#lanes].filter(([, { isOpen }]) => isOpen).map(([name]) => name);
  }

  /** Takes out the lanes that are not open and whose wait is over: each is `opened` or in `trouble` next. */
  takeDue(): string[] {
    const now = this.#clock.monotonic();
    const due = [...this.#lanes].filter(([, { isOpen, dueAt }]) => !isOpen && dueAt <= now);
    for (const [, lane] of due) lane.dueAt = Number.POSITIVE_INFINITY;
    return due.map(([name]) => name);
  }

  /** Milliseconds until the next one is due; infinite when none will be. */
  nextDueMs(): number {
    const shut = [...this.#lanes.values()].filter(({ isOpen }) => !isOpen);
    return Math.max(0, Math.min(...shut.map(({ dueAt }) => dueAt)) - this.#clock.monotonic());
  }

  opened(name: string, place: Place): void {
    const lane = this.#at(name, place);
    if (lane === undefined) return;
    lane.isOpen = true;
    this.#tell();
  }

  /** The lane cannot be served now. Undefined: it is not ours any more, or lies elsewhere by now. */
  trouble(name: string, place: Place, reason: string): Trouble | undefined {
    const lane = this.#at(name, place);
    if (lane === undefined) return undefined;
    const isNews = lane.reason !== reason;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(lane.failures, 30), LONGEST_WAIT_MS);
    lane.isOpen = false;
    lane.failures += 1;
    lane.reason = reason;
    lane.dueAt = this.#clock.monotonic() + waitMs;
    this.#tell();
    return { isNews, waitMs };
  }

  /** Something got through to the lane's home and back: the next trouble is a new one. */
  proved(name: string, place: Place): void {
    const lane = this.#at(name, place);
    if (lane === undefined) return;
    lane.failures = 0;
    lane.reason = undefined;
  }

  /** Calls back when lanes open, get into trouble or are configured anew, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #at(name: string, place: Place): Entry | undefined {
    const lane = this.#lanes.get(name);
    return lane?.place === placeOf(place) ? lane : undefined;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const placeOf = ({ home, branch }: Place): string => JSON.stringify([home, branch]);
