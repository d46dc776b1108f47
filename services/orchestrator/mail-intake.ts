/**
 * Feeds the writer with what MAIL holds for the orchestrator, in order, from the last consumed sequence on. A
 * mail that is no valid report is counted and consumed: one bad message never stops a swarm.
 */

import { isFault, readMail } from '../../shared/bus/mailbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Log } from '../../shared/log.ts';
import type { Refusals } from './refusals.ts';
import type { Writer } from './writer.ts';

export async function takeMail(
  options: {
    readonly swarm: Bus;
    readonly project: string;
    readonly writer: Writer;
    readonly refusals: Refusals;
    readonly log: Log;
    readonly after: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const { swarm, project, writer, refusals, log, after } = options;
  const subject = subjectsOf(project).mailTo({ kind: 'agent', name: 'orchestrator' });
  const stream = streamNames(project).mail;
  for await (const stored of swarm.streams.read(stream, { fromSeq: after + 1, subject }, signal)) {
    const read = readMail(stored);
    if (isFault(read)) {
      refusals.count('mail', read.from, read.fault);
      writer.mail(read.from, undefined, stored.seq, () => {});
      continue;
    }
    writer.mail(read.from, read.mail.report, stored.seq, (answer) => {
      if (answer.status === 'refused') {
        log.info(
          { from: read.from, report: answer.id, code: answer.code, reason: answer.message },
          'a report was refused',
        );
      }
    });
  }
}
