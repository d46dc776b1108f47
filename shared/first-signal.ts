/**
 * The first of several abort signals, for as long as something is done. `AbortSignal.any` leaves a trace in each of its
 * signals for as long as that one lives: too much where one that lives as long as the process is asked again and again.
 */

/** Does `work` with a signal that aborts with the first of those, and for its reason. Gives what it gives. */
export async function withFirst<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const first = new AbortController();
  const abort = (): void => {
    first.abort(signals.find(({ aborted }) => aborted)?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
  if (signals.some(({ aborted }) => aborted)) abort();
  try {
    return await work(first.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}
