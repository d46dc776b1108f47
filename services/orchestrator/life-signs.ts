/**
 * When each agent, and each grant in its hands, was last heard of, by the leader's monotonic clock: beats, claims and
 * the granting itself. Starts empty with each leader, so that silence counts from the leader's own start at the
 * earliest. A beat renews only the grants it lists (DESIGN 2.3).
 */
import type { LifeSign } from '../../shared/board/decide-watch.ts';
import type { Clock } from '../../shared/clock.ts';

/** Of more incarnations, and of more grants, than this the rest is not remembered: the longest unheard ones go first. */
const KEPT = 10_000;

export class LifeSigns {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #incarnations = new Map<string, number>();
  /** Apart: of a busy project's many grants none may push out an incarnation that lives. */
  readonly #grants = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
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
    const at = this.#grants.get(`${agent} ${fence}`);
    const now = this.#clock.monotonic();
    const listenedMs = now - this.#startedAt;
    return { silentMs: now - (at ?? this.#startedAt), heard: at !== undefined, listenedMs };
  }

  /** Milliseconds since that incarnation of the agent was last heard of, or since the leader began. */
  silentMs(agent: string, incarnation: string | undefined): number {
    const since = this.#incarnations.get(`${agent} ${incarnation ?? ''}`) ?? this.#startedAt;
    return this.#clock.monotonic() - since;
  }
}
