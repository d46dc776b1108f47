/**
 * Feeds the writer with all that MAIL holds, in order, from the last consumed sequence on: reports, and the mails and
 * receipts by which letters are watched. What concerns nobody here is passed over; a message that is no valid mail is
 * counted and passed over: one bad message never stops a swarm.
 *
 * 1. Every mail takes effect once, whoever leads: batches say how far MAIL is consumed, and what a mail leads to is in
 *    a batch that says so.
 * 2. What the writer cannot take as fast stays in MAIL, not in memory, and claims wait behind little of it.
 * 3. The leader's own announcements are not even decoded: under load they would be half of what is read.
 */

import { RESERVED_AGENT, type Report, type ReportAnswer, type StoredMail } from '../../schemas/index.ts';
import { isWatchable } from '../../shared/board/decide-letters.ts';
import { isFault, readMail } from '../../shared/bus/mailbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { mailRoute, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { LaterBeats } from './later-beat.ts';
import type { Refusals } from './refusals.ts';
import type { Sightings } from './sightings.ts';
import { takeOver } from './takeover-mail.ts';
import type { Writer } from './writer.ts';

interface Intake {
  readonly swarm: Bus;
  readonly project: string;
  readonly writer: Writer;
  readonly sightings: Sightings;
  readonly refusals: Refusals;
  readonly log: Log;
  readonly clock: Clock;
  readonly after: number;
}

/** Takes mail until the signal aborts. Errors: those of `Streams.read`. */
export async function takeMail(options: Intake, signal: AbortSignal): Promise<void> {
  const { swarm, project, writer, sightings, refusals, log, clock, after } = options;
  const subject = subjectsOf(project).mailTo();
  const stream = streamNames(project).mail;
  const ownerOf = (task: string, fence: number) => writer.ownerOf(task, fence);
  const leaseMs = () => writer.leaseMs();
  const beats = new LaterBeats({ swarm, project, clock, ownerOf, leaseMs });
  for await (const stored of swarm.streams.read(stream, { fromSeq: after + 1, subject }, signal)) {
    while (writer.isBusy() && !signal.aborted) await clock.sleep(BUSY_MS, signal).catch(() => undefined);
    const { seq, at } = stored;
    const from = mailRoute(stored.subject)?.from;
    if (from === RESERVED_AGENT) {
      writer.pass({ seq, at });
      continue;
    }
    const read = readMail(stored);
    if (isFault(read)) {
      refusals.count('mail', read.from, read.fault);
      writer.pass({ seq, at });
      continue;
    }
    sightings.seen(read.from);
    const report = reportIn(read);
    const answered = (answer: ReportAnswer): void => {
      if (answer.status !== 'refused') return;
      const { id, code, message: reason } = answer;
      log.info({ from: read.from, report: id, code, reason }, 'a report was refused');
    };
    if (report?.kind === 'takeover') {
      await takeOver(options, beats, { from: read.from, report, place: { seq, at }, answered }, signal);
    } else if (report !== undefined) {
      writer.report(read.from, report, { seq, at }, answered);
    } else if (isWatchable(read)) writer.mail(read, { seq, at });
    else writer.pass({ seq, at });
  }
}

/** Only a mail to the orchestrator reports. */
const reportIn = ({ to, mail }: StoredMail): Report | undefined =>
  to.kind === 'agent' && to.name === RESERVED_AGENT ? mail.report : undefined;

/** A turn of a busy writer takes longer. */
const BUSY_MS = 2;
const LOOK_MS = 1_000;

/**
 * A claim that names a mail is decided after it; where MAIL was cut or purged that mail never comes. Whoever waits for
 * one that MAIL does not reach, asked after the claim was heard, is let go.
 */
export async function giveUpLostMails(
  { swarm, project, writer, clock }: Pick<Intake, 'swarm' | 'project' | 'writer' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    const awaited = signal.aborted ? [] : writer.awaitedMails();
    if (awaited.length === 0) continue;
    const info = await swarm.streams.info(streamNames(project).mail).catch((error: unknown) => {
      if (isWaggleError(error)) return undefined;
      throw error;
    });
    const lost = awaited.filter((seq) => info !== undefined && (seq > info.lastSeq || seq < info.firstSeq));
    if (lost.length > 0) writer.giveUpMails(lost);
  }
}
