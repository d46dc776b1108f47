/**
 * When each agent, and each grant in its hands, was last heard of, by the leader's monotonic clock: beats, claims and
 * the granting itself. A beat renews only the grants it lists (DESIGN 2.3).
 *
 * Silence counts from when this leader began to listen, at the earliest: from its start, or from the end of the last break
 * of its connection. Beats are not stored for it: of whoever lived meanwhile it heard as little as of whoever died. A name
 * is given away only for a silence that a round trip to the server has proved: what the network holds back is no silence.
 */
import type { LifeSign } from '../../shared/board/decide-watch.ts';
import type { Clock } from '../../shared/clock.ts';

/** Of more incarnations, and of more grants, than this the rest is not remembered: the longest unheard ones go first. */
const KEPT = 10_000;

export class LifeSigns {
  readonly #clock: Clock;
  #listensSince: number;
  /** From when on the server is known to send what it gets, and up to when that was heard. */
  #proven: { readonly from: number; upTo: number } | undefined;
  readonly #incarnations = new Map<string, number>();
  /** Apart: of a busy project's many grants none may push out an incarnation that lives. */
  readonly #grants = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#listensSince = clock.monotonic();
  }

  /** A round trip to the server began at that time of the clock's, and ends now: what the server had by then was heard. */
  roundTrip(beganAt: number): void {
    if (beganAt < this.#listensSince) return;
    this.#proven ??= { from: this.#clock.monotonic(), upTo: beganAt };
    this.#proven.upTo = Math.max(this.#proven.upTo, beganAt);
  }

  /** The connection over which beats come is there again: what was said meanwhile went by. */
  listenAnew(): void {
    this.#listensSince = this.#clock.monotonic();
    this.#proven = undefined;
  }

  seen(agent: string, incarnation: string): void {
    this.#note(this.#incarnations, `${agent} ${incarnation}`);
  }

  /** The agent listed the grant, or got it this moment. */
  held(agent: string, fence: number): void {
    this.#note(this.#grants, `${agent} ${fence}`);
  }

  #note(last: Map<string, number>, key: string): void {
    last.delete(key);
    last.set(key, this.#clock.monotonic());
    for (const oldest of last.keys()) {
      if (last.size <= KEPT) break;
      last.delete(oldest);
    }
  }

  /** The agent said that it is leaving: its name is free at once. */
  gone(agent: string, incarnation: string): void {
    this.seen(agent, incarnation);
    this.#incarnations.set(`${agent} ${incarnation}`, Number.NEGATIVE_INFINITY);
  }

  /** What was heard of the grant in that agent's hands. */
  of(agent: string, fence: number): LifeSign {
    const at = this.#grants.get(`${agent} ${fence}`) ?? Number.NEGATIVE_INFINITY;
    const now = this.#clock.monotonic();
    const listenedMs = now - this.#listensSince;
    return at < this.#listensSince
      ? { silentMs: listenedMs, heard: false, listenedMs }
      : { silentMs: now - at, heard: true, listenedMs };
  }

  /**
   * For how many milliseconds that incarnation of the agent has been silent, as far as that is proved: up to the beginning
   * of the last round trip, and from when it was last heard of, or from the end of the first round trip. Infinite for who
   * said that it leaves.
   */
  provenSilenceMs(agent: string, incarnation: string | undefined): number {
    const at = this.#incarnations.get(`${agent} ${incarnation ?? ''}`) ?? this.#listensSince;
    if (at === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    if (this.#proven === undefined) return 0;
    return Math.max(0, this.#proven.upTo - Math.max(at, this.#proven.from));
  }
}
