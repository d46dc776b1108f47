/**
 * Feeds the writer with what MAIL holds for the orchestrator, in order, from the last consumed sequence on. A
 * mail that is no valid report is counted and consumed: one bad message never stops a swarm.
 */

import { isFault, readMail } from '../../shared/bus/mailbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Refusals } from './refusals.ts';
import type { Writer } from './writer.ts';

interface Intake {
  readonly swarm: Bus;
  readonly project: string;
  readonly writer: Writer;
  readonly refusals: Refusals;
  readonly log: Log;
  readonly after: number;
}

/** Takes mail until the signal aborts. Errors: those of `Streams.read`. */
export async function takeMail(options: Intake, signal: AbortSignal): Promise<void> {
  const { swarm, project, writer, refusals, log, after } = options;
  const subject = subjectsOf(project).mailTo({ kind: 'agent', name: 'orchestrator' });
  const stream = streamNames(project).mail;
  for await (const stored of swarm.streams.read(stream, { fromSeq: after + 1, subject }, signal)) {
    const { seq, at } = stored;
    const read = readMail(stored);
    if (isFault(read)) {
      refusals.count('mail', read.from, read.fault);
      writer.mail(read.from, undefined, { seq, at }, () => {});
      continue;
    }
    writer.mail(read.from, read.mail.report, { seq, at }, (answer) => {
      if (answer.status === 'refused') {
        log.info(
          { from: read.from, report: answer.id, code: answer.code, reason: answer.message },
          'a report was refused',
        );
      }
    });
  }
}

const LOOK_MS = 1_000;

/**
 * A claim that names a mail is decided after it; where MAIL was cut or purged that mail never comes. Whoever waits for
 * one that MAIL does not reach, asked after the claim was heard, is let go.
 */
export async function giveUpLostMails(
  { swarm, project, writer, clock }: Pick<Intake, 'swarm' | 'project' | 'writer'> & { readonly clock: Clock },
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
