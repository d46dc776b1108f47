/**
 * The clocks of one simulated host: wall and monotonic, of a pace of their own, that can be set, and stand still while
 * the machine sleeps.
 */
import type { Clock } from '../../clock.ts';
import type { Host } from './host.ts';
import type { Timeline } from './timeline.ts';

export interface HostClockOptions {
  /** Wall time at the beginning of the timeline. Default: a day in 2026. */
  readonly epochMs?: number;
  /** How fast its seconds pass; 1 is true. */
  readonly rate?: number;
  /** By how much its wall clock is wrong at first. */
  readonly offsetMs?: number;
}

/** 2026-01-05T09:00:00Z. */
export const EPOCH_MS = 1_767_603_600_000;

export class HostClock implements Clock {
  readonly #timeline: Timeline;
  readonly #host: Host;
  readonly #rate: number;
  readonly #epochMs: number;
  #offsetMs: number;
  #sleptMs = 0;

  constructor(timeline: Timeline, host: Host, options: HostClockOptions = {}) {
    this.#timeline = timeline;
    this.#host = host;
    this.#rate = options.rate ?? 1;
    this.#epochMs = options.epochMs ?? EPOCH_MS;
    this.#offsetMs = options.offsetMs ?? 0;
  }

  now(): number {
    return Math.round(this.#epochMs + this.#timeline.now * this.#rate + this.#offsetMs);
  }

  monotonic(): number {
    return this.#timeline.now * this.#rate - this.#sleptMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(this.#host, ms, signal);
  }

  /** The same clocks for a process of this machine: its sleeps end with it. */
  of(host: Host): Clock {
    return {
      now: () => this.now(),
      monotonic: () => this.monotonic(),
      sleep: (ms, signal) => this.#sleep(host, ms, signal),
    };
  }

  #sleep(host: Host, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(aborted(signal));
        return;
      }
      const abort = () => {
        cancel();
        reject(aborted(signal));
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const cancel = this.#timeline.plan(Math.max(ms, 1) / this.#rate, `sleep ${host.name}`, () =>
        host.enter(wake),
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Somebody sets the wall clock. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
  }

  /** The machine slept for so long: the monotonic clock knows nothing of it. */
  slept(ms: number): void {
    this.#sleptMs += ms * this.#rate;
  }
}

/** As a timer of Node says it. */
function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}
