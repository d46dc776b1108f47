/**
 * Sending a draft, once for each id, however often it is tried.
 */
import type { Mail, MailRecord } from '../../schemas/index.ts';
import type { BusLink } from './bus-link.ts';
import type { MailDraft } from './desk.ts';
import { bodyFields, headOf, post } from './post.ts';
import { recordOf } from './record.ts';
import type { Tries, Try } from './tries.ts';

/** When the server may have forgotten an id soon (it remembers two minutes), MAIL itself is looked into. */
const FORGOTTEN_MS = 60_000;
/** So many of the sender's mails to that target are looked at. */
const LOOKED_AT = 1_000;

/** Errors: the port's; `mail-invalid` when the id was used for another message. */
export async function sendDraft(
  link: BusLink,
  tries: Tries,
  draft: MailDraft,
  signal?: AbortSignal,
): Promise<MailRecord> {
  signal?.throwIfAborted();
  const { to, body, id } = draft;
  const mine = tries.begin(draft, link.clock.now());
  const head = headOf(link, draft, mine.at);
  const recordAt = (seq: number, mail: Mail): MailRecord =>
    recordOf({ seq, from: link.agent, to: { kind: to.kind, name: to.name }, mail }, body);
  const known = mine.seq ?? (await seqOfLost(link, draft, mine, head.id, signal));
  if (known !== undefined) {
    mine.seq = known;
    return recordAt(known, head);
  }
  const mail = { ...head, ...(await bodyFields(link, body, signal)) };
  const stored = await post(link, to, mail, { signal, isRepeated: mine.isRepeated, idName: id });
  // The first try may have been another process's, at another time.
  if (stored.mail.at === mine.at) mine.seq = stored.seq;
  return recordAt(stored.seq, stored.mail);
}

/** Where a mail stands whose first try ended without an answer, so long ago that the server may not know it. */
async function seqOfLost(
  link: BusLink,
  { to: target }: MailDraft,
  { at, isRepeated }: Try,
  id: string,
  signal?: AbortSignal,
): Promise<number | undefined> {
  if (!isRepeated || Math.abs(link.clock.now() - at) < FORGOTTEN_MS) return undefined;
  const query = { target, from: link.agent, last: LOOKED_AT };
  const { mails } = await link.read((reader) => reader.mail(query, signal), signal);
  return mails.find(({ mail }) => mail.id === id)?.seq;
}
