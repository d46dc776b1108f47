/**
 * Prints mails one by one, each whole and at once. It waits while standard output is full, so that a slow reader of a
 * pipe slows the command down instead of filling its memory.
 */
import { once } from 'node:events';
import type { MailRecord } from '../../../schemas/index.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Watched } from '../../../shared/mail/desk.ts';
import type { Session } from '../session.ts';
import type { FmailOutput } from './fmail-output.ts';
import { recordLine } from './record-line.ts';

export interface Printer {
  /** A line of text, or of JSON. */
  print(record: MailRecord): Promise<void>;
  /** As `print`, with a remark when the reader has fallen behind. */
  printWatched(watched: Watched): Promise<void>;
}

/** So many sequences of MAIL are worth a remark, at most this often. */
const FAR_BEHIND = 1_000;
const REMARK_EVERY_MS = 10_000;

export function createPrinter(
  session: Pick<Session, 'stdout' | 'signal'>,
  output: FmailOutput,
  clock: Clock,
): Printer {
  const { stdout, signal } = session;
  let remarkedAt = Number.NEGATIVE_INFINITY;
  const print = async (record: MailRecord) => {
    const text = output.json ? JSON.stringify(record) : recordLine(record);
    if (stdout.write(`${text}\n`) === false) await drained(stdout, signal);
  };
  return {
    print,
    async printWatched({ record, lag }) {
      if (lag > FAR_BEHIND && clock.monotonic() - remarkedAt >= REMARK_EVERY_MS) {
        remarkedAt = clock.monotonic();
        output.warn(`${lag} messages behind; catching up`);
      }
      await print(record);
    },
  };
}

async function drained(stdout: Session['stdout'], signal: AbortSignal): Promise<void> {
  if (!isEmitter(stdout)) return;
  // Whoever ends the command ends the waiting too.
  await once(stdout, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

const isEmitter = (stdout: object): stdout is NodeJS.EventEmitter => 'once' in stdout;
