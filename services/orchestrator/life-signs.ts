/**
 * When each agent, and each grant in its hands, was last heard of, by the leader's monotonic clock: beats, claims and
 * the granting itself. Starts empty with each leader, so that silence counts from the leader's own start at the
 * earliest. A beat renews only the grants it lists (DESIGN 2.3).
 */
import type { LifeSign } from '../../shared/board/decide-watch.ts';
import type { Clock } from '../../shared/clock.ts';

/** More incarnations and grants than this are not remembered: the longest unheard ones go first. */
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
    this.#note(`${agent} ${incarnation}`);
  }

  /** The agent listed the grant, or got it this moment. */
  held(agent: string, fence: number): void {
    this.#note(`${agent} #${fence}`);
  }

  #note(key: string): void {
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

  /** What was heard of the grant in that agent's hands. */
  of(agent: string, fence: number): LifeSign {
    const at = this.#last.get(`${agent} #${fence}`);
    return { silentMs: this.#clock.monotonic() - (at ?? this.#startedAt), heard: at !== undefined };
  }

  /** Milliseconds since that incarnation of the agent was last heard of, or since the leader began. */
  silentMs(agent: string, incarnation: string | undefined): number {
    const since = this.#last.get(`${agent} ${incarnation ?? ''}`) ?? this.#startedAt;
    return this.#clock.monotonic() - since;
  }
}
