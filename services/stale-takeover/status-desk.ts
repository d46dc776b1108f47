/**
 * Asks the leader for the live grants and the policies, again and again: at a watch's pace while somebody hears it
 * (`hear`), else at leisure; at once after a leader's word or on demand.
 */
import type { QueryAnswerOf } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';
import { defaults } from '../../shared/config/defaults.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';

export type StatusAnswer = QueryAnswerOf<'status'>;
/** `askedAt` by the monotonic clock: what is told was true at some moment after it. */
export type Hearer = (status: StatusAnswer, askedAt: number) => void;

const ASKS_PER_LEASE = 4;
const RETRY_MS = 250;

/** A project may be configured after this service began: a shorter lease is to be heard of soon. */
const LONGEST_PAUSE_MS = 2_000;

export class StatusDesk {
  readonly #client: BoardClient;
  readonly #swarm: Bus;
  readonly #project: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hearers = new Map<Hearer, 'watch' | 'leisure'>();
  #leaseMs: number = defaults.policies.lease_ms;
  #again = new AbortController();

  constructor(options: {
    readonly client: BoardClient;
    readonly swarm: Bus;
    readonly project: string;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#client = options.client;
    this.#swarm = options.swarm;
    this.#project = options.project;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** The project's lease; the default while no leader has answered. */
  leaseMs(): number {
    return this.#leaseMs;
  }

  /** Calls back with each answer until the returned function is called. */
  hear(hearer: Hearer, pace: 'watch' | 'leisure'): () => void {
    this.#hearers.set(hearer, pace);
    this.askNow();
    return () => this.#hearers.delete(hearer);
  }

  /** Asks anew, also when an answer is awaited. */
  askNow(): void {
    this.#again.abort();
  }

  /** Asks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const notices = this.#swarm.subscribe(subjectsOf(this.#project).leader);
    const listening = (async () => {
      for await (const _ of notices) this.askNow();
    })();
    try {
      while (!signal.aborted) {
        this.#again = new AbortController();
        const early = AbortSignal.any([signal, this.#again.signal]);
        const pauseMs = await this.#ask(early);
        await this.#clock.sleep(pauseMs, early).catch(() => undefined);
      }
    } finally {
      notices.close();
      await listening;
    }
  }

  /** How long to wait before the next time. */
  async #ask(signal: AbortSignal): Promise<number> {
    const askedAt = this.#clock.monotonic();
    try {
      const status = await this.#client.query<'status'>({ v: 1, kind: 'status' }, signal);
      this.#leaseMs = status.config.policies.lease_ms;
      for (const hearer of [...this.#hearers.keys()]) hearer(status, askedAt);
      const isWatched = [...this.#hearers.values()].includes('watch');
      return Math.min(isWatched ? this.#leaseMs / ASKS_PER_LEASE : this.#leaseMs, LONGEST_PAUSE_MS);
    } catch (error) {
      if (!signal.aborted) this.#log.debug({ reason: messageOf(error) }, 'no leader tells of the grants');
      return RETRY_MS;
    }
  }
}
