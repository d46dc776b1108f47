/**
 * A bound for work that takes a signal, by the clock that is passed in.
 */
import type { Clock } from './clock.ts';

/** Gives `work` a signal that aborts with a `TimeoutError` after `ms`, as `AbortSignal.timeout` would. */
export async function withinTime<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(
    () => over.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError')),
    () => undefined,
  );
  try {
    return await work(over.signal);
  } finally {
    done.abort();
    await late;
  }
}
