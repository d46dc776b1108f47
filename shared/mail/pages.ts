/**
 * Reading stored mail in pages: from the newest back, from a sequence on, or one.
 */
import type { MailRecord, ReadAnswerOf, StoredMail } from '../../schemas/index.ts';
import type { MailRoute } from '../bus/subjects.ts';
import { WaggleError } from '../errors.ts';
import { bodyOf } from './bodies.ts';
import type { BusLink } from './bus-link.ts';
import type { MailChoice } from './desk.ts';
import { recordOf } from './record.ts';

/** Mails as the read service finds them; with neither target nor family those to topics and agents. */
export interface MailFilter {
  readonly target?: MailRoute;
  readonly family?: MailRoute['kind'];
  readonly from?: string;
}

export type MailPage = ReadAnswerOf<'mail'>;

/** Most mails of one request. */
const PAGE = 1_000;

/** A choice without a target is of all topics, unless it wants everything. */
export function filterOf({ target, everything, from }: MailChoice): MailFilter {
  return {
    ...(target === undefined ? {} : { target }),
    ...(target === undefined && everything !== true ? { family: 'topic' as const } : {}),
    ...(from === undefined ? {} : { from }),
  };
}

/** Pages from the newest mail back to the first, each oldest first; `count` mails at a time. */
export async function* backward(
  link: BusLink,
  filter: MailFilter,
  count: number,
  signal?: AbortSignal,
): AsyncGenerator<MailPage, void, void> {
  for (let before: number | undefined; ; ) {
    const query = { ...filter, last: Math.min(count, PAGE), ...(before === undefined ? {} : { before }) };
    const page = await link.read((reader) => reader.mail(query, signal), signal);
    yield page;
    const next = page.scanned_to + 1;
    if (next <= 1 || (before !== undefined && next >= before)) return;
    before = next;
  }
}

/** Pages of what stands behind a sequence, up to the stream's end. */
export async function* onward(
  link: BusLink,
  filter: MailFilter,
  start: number,
  signal?: AbortSignal,
): AsyncGenerator<MailPage, void, void> {
  for (let after = start; ; ) {
    const query = { ...filter, after, limit: PAGE };
    const page = await link.read((reader) => reader.mail(query, signal), signal);
    yield page;
    if (page.scanned_to <= after || page.scanned_to >= page.last) return;
    after = page.scanned_to;
  }
}

/** The mail with that sequence. Errors: `mail-unknown`. */
export async function mailAt(link: BusLink, seq: number, signal?: AbortSignal): Promise<StoredMail> {
  const found = await findMail(link, seq, signal);
  if (found === undefined)
    throw new WaggleError('mail-unknown', { message: `there is no message ${seq}`, seq });
  return found;
}

/** The mail with that sequence; undefined where none stands, or a receipt. */
export async function findMail(
  link: BusLink,
  seq: number,
  signal?: AbortSignal,
): Promise<StoredMail | undefined> {
  const query = { after: seq - 1, limit: 1 };
  const { mails } = await link.read((reader) => reader.mail(query, signal), signal);
  return mails.find((mail) => mail.seq === seq);
}

/** The mail as a record, with its body wherever that is stored. */
export async function recordWith(
  link: BusLink,
  stored: StoredMail,
  signal?: AbortSignal,
): Promise<MailRecord> {
  return recordOf(stored, await bodyOf(link, stored, signal));
}

export async function recordsWith(
  link: BusLink,
  mails: readonly StoredMail[],
  signal?: AbortSignal,
): Promise<MailRecord[]> {
  const records: MailRecord[] = [];
  for (const mail of mails) records.push(await recordWith(link, mail, signal));
  return records;
}
