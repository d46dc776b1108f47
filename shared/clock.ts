/**
 * Time as a port, so that nothing else reads a clock and tests own theirs.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. For records, never for ages. */
  now(): number;
  /** Milliseconds that only grow, from an arbitrary start. For ages and deadlines. */
  monotonic(): number;
  /** Resolves after `ms`, rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
