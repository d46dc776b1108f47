/**
 * `fmail watch`: mails as they come, each printed at once.
 */
import { Command } from 'commander';
import { count, durationMs } from '../arguments.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { followMail } from './follow.ts';
import { mailRecord, recordLine } from './mail-record.ts';
import { readTarget } from './target.ts';

interface Flags {
  readonly count: number;
  readonly timeout: number;
  readonly json?: boolean;
}

export const watchCommand = (session: Session): Command =>
  new Command('watch')
    .description('print messages as they come')
    .argument('[topic|@agent]', 'only of this topic, or to this agent (default: all topics)')
    .option('-c, --count <count>', 'end after so many; 0 for never', count, 0)
    .option('--timeout <duration>', 'end after this time; 0 for never', durationMs, 0)
    .option('--json', 'one line of JSON for each message')
    .action(async (targetText: string | undefined, flags: Flags) => {
      const output = outputOf(session, flags, 'fmail');
      const choice = targetText === undefined ? {} : { target: readTarget(targetText) };
      const { signal, release } = until(session.signal, flags.timeout);
      try {
        await withProject(session, async (link) => {
          const { last } = await link.reader.mail({ last: 0 }, signal);
          let printed = 0;
          await followMail(link, choice, last, signal, (mail) => {
            output.item(mailRecord(mail), () => recordLine(mail));
            printed += 1;
            return flags.count === 0 || printed < flags.count;
          });
        });
      } catch (error) {
        // The time is over, or Ctrl-C came, while something was asked for.
        if (!signal.aborted) throw error;
      } finally {
        release();
      }
    });

/** A longer timer would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The session's signal, which also aborts when the time is over (0: never). */
function until(session: AbortSignal, timeoutMs: number): { signal: AbortSignal; release: () => void } {
  if (timeoutMs === 0) return { signal: session, release: () => {} };
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.min(timeoutMs, LONGEST_TIMER_MS));
  return { signal: AbortSignal.any([session, over.signal]), release: () => clearTimeout(timer) };
}
