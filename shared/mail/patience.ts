/**
 * Doing something again while the bus, or whoever answers on it, is away.
 */
import type { Clock } from '../clock.ts';
import { isWaggleError } from '../errors.ts';

export interface Patience {
  readonly clock: Clock;
  /** How long to go on trying. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

const RETRY_MS = 100;

/**
 * Gives what the first good attempt gave; `leftMs` is what is left of the time. Errors: the last attempt's, and the
 * signal's reason; an attempt that is under way when the signal aborts is left to itself.
 */
export async function persist<T>(
  attempt: (leftMs: number) => Promise<T>,
  { clock, patienceMs, signal }: Patience,
): Promise<T> {
  const deadline = clock.monotonic() + patienceMs;
  for (let isAway = false; ; isAway = true) {
    signal?.throwIfAborted();
    try {
      return await unlessAborted(attempt(deadline - clock.monotonic()), signal);
    } catch (error) {
      if (clock.monotonic() >= deadline || !mayPass(error, isAway)) throw error;
    }
    await clock.sleep(RETRY_MS, signal);
  }
}

/** A bus that is just coming back may not know its streams yet. */
function mayPass(error: unknown, wasAway: boolean): boolean {
  if (!isWaggleError(error)) return false;
  if (error.code === 'bus-closed') return error.details['reason'] !== 'closed';
  if (error.code === 'bus-refused') return error.details['status'] === 503;
  return error.retryable || (wasAway && error.code === 'stream-missing');
}

/** The work's result, or the signal's reason as soon as it aborts. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
