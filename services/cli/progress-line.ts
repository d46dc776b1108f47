/**
 * One line on standard error that is written over while something long goes on; nothing where nobody looks.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Sink } from './output.ts';

export interface ProgressLine {
  /** Shows the text, at most some times a second. */
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

const EVERY_MS = 200;

export function progressLine(stderr: Sink, isWanted: boolean, clock: Clock): ProgressLine {
  let shownAt = Number.NEGATIVE_INFINITY;
  let isThere = false;
  if (!isWanted || stderr.isTTY !== true) return { show: () => {}, clear: () => {} };
  return {
    show(text) {
      const now = clock.monotonic();
      if (now - shownAt < EVERY_MS) return;
      shownAt = now;
      isThere = true;
      stderr.write(`\r\x1b[K${text}`);
    },
    clear() {
      if (isThere) stderr.write('\r\x1b[K');
      isThere = false;
    },
  };
}
