/**
 * Has a reported takeover decided soon after it was known that nothing refutes it: while a batch waits for its
 * acknowledgement the owner may say that it lives, and the leader miss that.
 */
import type { ReportAnswer, ReportOf } from '../../schemas/index.ts';
import type { Clock } from '../../shared/clock.ts';
import { withFirst } from '../../shared/first-signal.ts';
import type { Log } from '../../shared/log.ts';
import { untilAborted } from '../../shared/until-aborted.ts';
import type { MailPlace } from './batch-store.ts';
import type { LaterBeats } from './later-beat.ts';
import type { Writer } from './writer.ts';

interface TakeOverOptions {
  readonly writer: Pick<Writer, 'pass' | 'reportWhile'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long it is believed that nothing refutes a takeover, and how often that is looked at. */
const FRESH_MS = 500;
const LOOKS_MOST = 5;

/** A report of a takeover as MAIL has it. */
export interface TakeoverMail {
  readonly from: string;
  readonly report: ReportOf<'takeover'>;
  readonly place: MailPlace & { readonly at: number };
  readonly answered: (answer: ReportAnswer) => void;
}

/** Resolves when it is decided or refused, or when the signal aborts. Errors: those of `refutation`. */
export async function takeOver(
  { writer, clock, log }: TakeOverOptions,
  beats: LaterBeats,
  { from, report, place, answered }: TakeoverMail,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; !signal.aborted; tries += 1) {
    const lookedAt = clock.monotonic();
    const refuted = await beats.refutation(report, place.at, signal);
    if (refuted !== undefined) {
      log.info({ from, report: report.id, code: 'alive', reason: refuted }, 'a report was refused');
      writer.pass(place);
      return;
    }
    // Where every batch takes so long nothing would ever be decided.
    const isFresh = () => tries >= LOOKS_MOST || clock.monotonic() - lookedAt <= FRESH_MS;
    const decided = writer.reportWhile(isFresh, from, report, place, answered);
    if (await withFirst([signal], (over) => Promise.race([decided, untilAborted(over).then(() => true)])))
      return;
  }
}
