/**
 * Lets a simulated timeline keep pace with real time, for tests that wait for things in real time.
 */

import type { Timeline } from '../../shared/bus/simulated/timeline.ts';
import { systemClock } from '../../shared/clock.ts';

const LONGEST_REST_MS = 1;

/** Until the returned function is called, which waits for the end. */
export function keepPace(timeline: Timeline): () => Promise<void> {
  const startedAt = systemClock.monotonic() - timeline.now;
  let isOver = false;
  const pacing = (async () => {
    while (!isOver) {
      const until = systemClock.monotonic() - startedAt;
      const isDue = timeline.nextAt !== undefined && timeline.nextAt <= until;
      await timeline.runUntil(until);
      if (!isDue) await systemClock.sleep(LONGEST_REST_MS);
    }
  })();
  return async () => {
    isOver = true;
    await pacing;
  };
}
