/**
 * From where a new term consumes MAIL: where the last one stopped, unless MAIL is not what it was (`continuity.ts`).
 * Reads only; the term journals what it found.
 */
import { streamNames } from '../../shared/bus/topology.ts';
import type { MailPlace } from './batch-store.ts';
import { compareMail } from './continuity.ts';
import type { Told } from './own-mail.ts';
import type { Folded, Sources } from './survey.ts';

export interface MailStart {
  readonly mail: MailPlace;
  /** What differs, for people. */
  readonly reason?: string;
  /** Nothing of what was announced before is in this MAIL: it is not told again. */
  readonly isNew?: boolean;
}

/** `told`: the newest announcement of this journal that MAIL holds. Errors: those of the port. */
export async function mailStart(
  sources: Sources,
  folded: Folded,
  told: Told | undefined,
): Promise<MailStart> {
  const { swarm, project } = sources;
  const stream = streamNames(project).mail;
  const { mail } = folded.position;
  const info = await swarm.streams.info(stream);
  // It is made on the next connect; until then there is nothing to consume.
  if (info === undefined) return { mail };
  const { created, firstSeq, lastSeq } = info;
  const at = await storedAt(sources, mail.seq);
  const known = { created: folded.streams[stream], seq: mail.seq, at: mail.at };
  const verdict = compareMail(known, { created, firstSeq, lastSeq, at });
  switch (verdict.kind) {
    case 'same':
      return { mail };
    case 'purged':
      return { mail, reason: verdict.reason };
    case 'cut': {
      const common = await lastCommon(sources, folded, lastSeq);
      return { mail: common, reason: `${verdict.reason}; going on after ${common.seq}` };
    }
    case 'created-anew': {
      if (told === undefined)
        return { mail: { seq: 0 }, reason: `${verdict.reason}; going on after 0`, isNew: true };
      // Our own announcements are in it: a copy, put back at its old sequences.
      const seq = Math.min(mail.seq, lastSeq);
      const place = { seq, at: await storedAt(sources, seq) };
      return { mail: place, reason: `${verdict.reason}, as a copy; going on after ${seq}` };
    }
  }
}

async function storedAt({ swarm, project }: Sources, seq: number): Promise<number | undefined> {
  return (await swarm.streams.get(streamNames(project).mail, { seq }))?.at;
}

const PAGE = 50;

/** The last consumed message that stands where a batch says: back through the journal, batch by batch. */
async function lastCommon(sources: Sources, folded: Folded, lastSeq: number): Promise<MailPlace> {
  const { journal } = sources;
  let tried = Number.POSITIVE_INFINITY;
  for (let end = folded.position.seq; end > 0; end -= PAGE) {
    const { batches } = await journal.page(Math.max(0, end - PAGE), PAGE);
    const older = batches.filter(({ seq }) => seq <= end);
    if (older.length === 0) break;
    for (const { batch } of older.toReversed()) {
      const { mail_seq: seq, mail_at: at } = batch;
      if (seq === 0) return { seq: 0 };
      if (seq > lastSeq || seq >= tried || at === undefined) continue;
      tried = seq;
      if ((await storedAt(sources, seq)) === at) return { seq, at };
    }
  }
  return { seq: 0 };
}
