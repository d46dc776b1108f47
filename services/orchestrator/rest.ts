/**
 * A rest until somebody wakes the sleeper or the first of some delays is over.
 */
import type { Clock } from '../../shared/clock.ts';

/** At most an hour: longer delays would overflow the timer; waking early is harmless. */
const MOST_MS = 3_600_000;

/** A reason of its own, because without one each rest makes an error, with a stack. */
const WOKEN = 'woken';

/** `begun` gets what wakes the sleeper; without delays nothing else does. */
export async function rest(
  clock: Clock,
  delaysMs: readonly number[],
  begun: (wake: () => void) => void,
): Promise<void> {
  const timer = new AbortController();
  await new Promise<void>((resolve) => {
    begun(resolve);
    if (delaysMs.length === 0) return;
    const delay = Math.min(Math.max(Math.min(...delaysMs), 1), MOST_MS);
    clock.sleep(delay, timer.signal).then(resolve, () => undefined);
  });
  timer.abort(WOKEN);
}
