/**
 * The service's own beats: for people (`waggle ps`), and as the proof that beats get through: only while its own come
 * back through BEAT does the watch judge anybody. Its own are those of this incarnation: another process under the
 * same name proves nothing.
 */

import type { Beat } from '../../schemas/index.ts';
import type { AgentState } from '../../shared/agent/agent-state.ts';
import { LEAVING } from '../../shared/agent/heartbeat.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import type { Clock } from '../../shared/clock.ts';
import type { StateLock } from '../../shared/process/state-lock.ts';

export interface PulseOptions {
  readonly swarm: Pick<Bus, 'publish'>;
  readonly project: string;
  readonly agent: string;
  readonly lock: Pick<StateLock, 'incarnation' | 'place'>;
  readonly pid: number;
  readonly version: string;
  readonly clock: Clock;
  readonly state: AgentState;
  readonly leaseMs: () => number;
}

/** Oftener than others beat: the watch withholds its judgement when one has not come back within half a lease. */
const BEATS_PER_LEASE = 4;

export class Pulse {
  readonly #options: PulseOptions;
  readonly #startedAt: number;
  /** The pause before the next beat: how long it is meant to be, and its end. */
  #pause = { everyMs: 0, end: new AbortController() };

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#startedAt = Math.floor(options.clock.monotonic());
    // A change is told at once.
    options.state.onChange(() => this.#beat(options.state.word));
  }

  /** Beats until the signal aborts; the last beat says `gone`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, state } = this.#options;
    while (!signal.aborted) {
      this.#beat(state.word);
      this.#pause = { everyMs: this.#everyMs(), end: new AbortController() };
      const early = AbortSignal.any([signal, this.#pause.end.signal]);
      await clock.sleep(this.#pause.everyMs, early).catch(() => undefined);
    }
    this.#beat(LEAVING);
  }

  /** The lease may be another: whoever waits for the next beat by the old one beats at once. */
  keepPace(): void {
    if (this.#pause.everyMs !== this.#everyMs()) this.#pause.end.abort();
  }

  /** When this process sent that beat, by its monotonic clock; undefined when it is not its own. */
  sentAt(agent: string, beat: Beat): number | undefined {
    const isOwn = agent === this.#options.agent && beat.incarnation === this.#options.lock.incarnation;
    return isOwn ? this.#startedAt + beat.uptime_ms : undefined;
  }

  #everyMs(): number {
    return this.#options.leaseMs() / BEATS_PER_LEASE;
  }

  #beat(state: string): void {
    const { swarm, project, agent, lock, pid, version, clock } = this.#options;
    const { payload, headers } = encode('Beat', {
      v: 1,
      kind: 'beat',
      role: 'stale-takeover',
      incarnation: lock.incarnation,
      place: lock.place,
      pid,
      version,
      state,
      every_ms: Math.round(this.#everyMs()),
      uptime_ms: Math.floor(clock.monotonic()) - this.#startedAt,
      grants: [],
    });
    swarm.publish(subjectsOf(project).beat(agent), payload, headers);
  }
}
