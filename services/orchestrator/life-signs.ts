/**
 * When each agent was last heard of, by the leader's monotonic clock: beats and claims. Starts empty with each
 * leader, so that silence counts from the leader's own start at the earliest (DESIGN 2.3).
 */
import type { Clock } from '../../shared/clock.ts';

/** More incarnations than this are not remembered: the longest unheard ones go first. */
const KEPT = 10_000;

export class LifeSigns {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #last = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  seen(agent: string, incarnation: string): void {
    const key = `${agent} ${incarnation}`;
    this.#last.delete(key);
    this.#last.set(key, this.#clock.monotonic());
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= KEPT) break;
      this.#last.delete(oldest);
    }
  }

  /** The agent said that it is leaving: its name is free at once. */
  gone(agent: string, incarnation: string): void {
    this.seen(agent, incarnation);
    this.#last.set(`${agent} ${incarnation}`, Number.NEGATIVE_INFINITY);
  }

  /** Milliseconds since that incarnation of the agent was last heard of, or since the leader began. */
  silentMs(agent: string, incarnation: string | undefined): number {
    const since = this.#last.get(`${agent} ${incarnation ?? ''}`) ?? this.#startedAt;
    return this.#clock.monotonic() - since;
  }
}
