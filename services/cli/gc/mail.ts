/**
 * Old MAIL. Never past what the orchestrator has consumed, and never its newest announcement: by that a new leader
 * knows what it has to announce, and would otherwise tell everything again.
 */
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import type { Freed } from './freed.ts';
import { consumedMail, type GcScope } from './scope.ts';

const PAGE = 500;

export async function freeMail(scope: GcScope): Promise<Freed> {
  const { swarm, project, before, isDry, signal } = scope;
  const { mail: name } = streamNames(project);
  const own = subjectsOf(project).mailTo(undefined, RESERVED_AGENT);
  const announced = await swarm.streams.get(name, { lastBySubject: own });
  // The message at the consumed sequence stays too: by its time a stream that was cut is noticed.
  const bound = Math.min(await consumedMail(scope), announced?.seq ?? Number.POSITIVE_INFINITY);
  let count = 0;
  let bytes = 0;
  let upTo = 0;
  scan: for (let fromSeq = 1; fromSeq < bound; ) {
    signal.throwIfAborted();
    const page = await swarm.streams.page(name, { fromSeq, limit: PAGE });
    for (const { seq, at, payload } of page.messages) {
      if (seq >= bound || at >= before) break scan;
      count += 1;
      bytes += payload.byteLength;
      upTo = seq;
    }
    fromSeq = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
    if (fromSeq > page.lastSeq) break;
  }
  if (!isDry && upTo > 0) await swarm.streams.purge(name, { before: upTo + 1 });
  return { kind: 'mail', count, bytes, notes: [] };
}
