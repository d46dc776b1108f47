/**
 * `fmail watch`: mails as they come, each printed at once. The end of its time, the count and Ctrl-C are no failures.
 */
import { systemClock } from '../../../../shared/clock.ts';
import { targetChoice } from '../choice.ts';
import type { RunCommand } from '../command-row.ts';
import { withDesk } from '../desk.ts';
import { createPrinter } from '../printer.ts';

export const run: RunCommand = async ({ session, output, args, flags }) => {
  const choice = targetChoice(args[0]);
  const count = flags.count('count', 0);
  const { signal, release } = until(session.signal, flags.durationMs('timeout', 0));
  const { printWatched } = createPrinter({ ...session, signal }, output, systemClock);
  let printed = 0;
  try {
    await withDesk({ ...session, signal }, async (desk) => {
      for await (const watched of desk.watch(choice, signal)) {
        await printWatched(watched);
        printed += 1;
        if (printed === count) return;
      }
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
};

/** A longer timer would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The session's signal, which also aborts when the time is over (0: never). */
function until(session: AbortSignal, timeoutMs: number): { signal: AbortSignal; release: () => void } {
  if (timeoutMs === 0) return { signal: session, release: () => {} };
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.min(timeoutMs, LONGEST_TIMER_MS));
  return { signal: AbortSignal.any([session, over.signal]), release: () => clearTimeout(timer) };
}
