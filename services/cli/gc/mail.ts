/**
 * Old MAIL.
 *
 * 1. Never past what the orchestrator has consumed, and never its newest announcement: by that a new leader knows what
 *    it has to announce, and would otherwise tell everything again.
 * 2. Only the stream's beginning goes: whoever reads from a sequence on finds all that is left.
 * 3. A mail is as old as its id says, but never younger than its storing: a sender's clock that is ahead would hold up
 *    everything behind its mail.
 */
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import { isFault, readMail } from '../../../shared/bus/mailbox.ts';
import type { Stored } from '../../../shared/bus/port.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import { mailId } from '../../../shared/mail/message-id.ts';
import type { Freed } from './freed.ts';
import { consumedMail, type GcScope } from './scope.ts';

const PAGE = 500;

export interface MailLimits {
  /** Goes, whatever its age, until the stream holds no more than this. */
  readonly maxBytes?: number;
  /** Called with the path that the mail tool knows each mail by: `topics/task/<id>.json`, `dm/<agent>/<id>.json`. */
  readonly onMail?: (path: string) => void;
}

export async function freeMail(scope: GcScope, limits: MailLimits = {}): Promise<Freed> {
  const { swarm, project, before, isDry, signal } = scope;
  const { maxBytes = Number.POSITIVE_INFINITY, onMail = () => undefined } = limits;
  const { mail: name } = streamNames(project);
  const own = subjectsOf(project).mailTo(undefined, RESERVED_AGENT);
  const announced = await swarm.streams.get(name, { lastBySubject: own });
  // The message at the consumed sequence stays too: by its time a stream that was cut is noticed.
  const bound = Math.min(await consumedMail(scope), announced?.seq ?? Number.POSITIVE_INFINITY);
  const excess = ((await swarm.streams.info(name))?.bytes ?? 0) - maxBytes;
  let count = 0;
  let bytes = 0;
  let held = 0;
  let upTo = 0;
  scan: for (let fromSeq = 1; fromSeq < bound; ) {
    signal.throwIfAborted();
    const page = await swarm.streams.page(name, { fromSeq, limit: PAGE });
    for (const stored of page.messages) {
      const { at, path } = described(stored);
      if (stored.seq >= bound || (at >= before && held >= excess)) break scan;
      if (path !== undefined) onMail(path);
      count += 1;
      bytes += stored.payload.byteLength;
      held += heldBytes(stored);
      upTo = stored.seq;
    }
    fromSeq = Math.max(page.scannedTo, page.messages.at(-1)?.seq ?? 0) + 1;
    if (fromSeq > page.lastSeq) break;
  }
  if (!isDry && upTo > 0) await swarm.streams.purge(name, { before: upTo + 1 });
  const isStill = excess > held && Number.isFinite(maxBytes);
  const note =
    'the mail stays above that size: what is left has not been consumed yet, or is the newest announcement';
  return { kind: 'mail', count, bytes, notes: isStill ? [note] : [] };
}

/** When it was sent, in milliseconds since the epoch; and its path, which receipts and what is no mail don't have. */
function described(stored: Stored): { at: number; path?: string } {
  const read = readMail(stored);
  if (isFault(read)) return { at: stored.at };
  const { seq, to, mail } = read;
  const at = Math.min(mail.at, stored.at);
  if (to.kind === 'receipt') return { at };
  return { at, path: `${to.kind === 'topic' ? 'topics' : 'dm'}/${to.name}/${mailId(mail.at, seq)}.json` };
}

/** About what a message takes in the server's files: a head and a checksum of 30 bytes, subject, headers, payload. */
function heldBytes({ subject, headers, payload }: Stored): number {
  const lines = Object.entries(headers).map(([key, value]) => key.length + value.length + 4);
  const headed = lines.length === 0 ? 0 : lines.reduce((sum, length) => sum + length, 18);
  return 30 + subject.length + headed + payload.byteLength;
}
