/**
 * The newest mails of a choice, and those that hold a text. Unless all is wanted, both go back from the end, in pages,
 * and stop as soon as they have enough: what that costs depends on what is asked for, not on how much mail there is.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { allowance } from './allowance.ts';
import { bodyOf } from './bodies.ts';
import type { BusLink } from './bus-link.ts';
import type { LogQuery, MailChoice, Since } from './desk.ts';
import { backward, filterOf, type MailPage, onward } from './pages.ts';

/** Senders' clocks may be off by this much: a page of mails that much older than asked for means that the rest is. */
const CLOCK_SLACK_MS = 3_600_000;
/** How many mails are looked at together when not all of them will do. */
const SPAN = 200;

/** Oldest first; `last`: the stream's end when it was looked at. */
export async function recentMail(
  link: BusLink,
  query: LogQuery,
  signal?: AbortSignal,
): Promise<{ readonly mails: readonly StoredMail[]; readonly last: number }> {
  const { limit, since } = query;
  if (limit === 0 && !(since !== undefined && 'at' in since))
    return allMail(link, query, since?.seq ?? 1, signal);
  const count = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  const pages: StoredMail[][] = [];
  let found = 0;
  let last: number | undefined;
  const allow = allowance(link.mostBytes);
  for await (const page of backward(link, filterOf(query), since === undefined ? count : SPAN, signal)) {
    // What came while the first page was made is for those who follow.
    const end = (last ??= page.last);
    const mails = page.mails.filter((mail) => mail.seq <= end && isSince(mail, since));
    allow(mails);
    pages.unshift(mails);
    found += mails.length;
    if (found >= count || isBefore(page, since)) break;
  }
  const mails = pages.flat();
  return { mails: limit === 0 ? mails : mails.slice(-limit), last: last ?? 0 };
}

/** All from that sequence on: there is nothing to be found out from behind. */
async function allMail(
  link: BusLink,
  choice: MailChoice,
  first: number,
  signal?: AbortSignal,
): Promise<{ readonly mails: readonly StoredMail[]; readonly last: number }> {
  const mails: StoredMail[] = [];
  const allow = allowance(link.mostBytes);
  let last: number | undefined;
  for await (const page of onward(link, filterOf(choice), Math.max(0, first - 1), signal)) {
    const end = (last ??= page.last);
    allow(page.mails);
    for (const mail of page.mails) if (mail.seq <= end) mails.push(mail);
    if (page.scanned_to >= end) break;
  }
  return { mails, last: last ?? 0 };
}

/** The newest `limit` (0: all) whose body, sender or tags hold the text, whatever its case; oldest first. */
export async function searchMail(
  link: BusLink,
  { text, limit, ...choice }: MailChoice & { readonly text: string; readonly limit: number },
  signal?: AbortSignal,
): Promise<readonly StoredMail[]> {
  const wanted = text.toLowerCase();
  const found: StoredMail[] = [];
  const allow = allowance(link.mostBytes);
  for await (const page of backward(link, filterOf(choice), SPAN, signal)) {
    for (const mail of page.mails.toReversed()) {
      if (await holds(link, mail, wanted, signal)) {
        allow([mail]);
        found.unshift(mail);
      }
      if (limit > 0 && found.length === limit) return found;
    }
  }
  return found;
}

function isSince({ seq, mail }: StoredMail, since: Since | undefined): boolean {
  if (since === undefined) return true;
  return 'seq' in since ? seq >= since.seq : mail.at >= since.at;
}

/** Whether nothing before the page can be of that time. */
function isBefore({ mails, scanned_to }: MailPage, since: Since | undefined): boolean {
  if (since === undefined) return false;
  if ('seq' in since) return scanned_to < since.seq;
  return mails.length > 0 && mails.every(({ mail }) => mail.at < since.at - CLOCK_SLACK_MS);
}

async function holds(
  link: BusLink,
  stored: StoredMail,
  wanted: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { from, mail } = stored;
  const others = [
    from,
    ...(mail.tags ?? []),
    ...(mail.report === undefined ? [] : [JSON.stringify(mail.report)]),
  ];
  if (others.some((text) => text.toLowerCase().includes(wanted))) return true;
  return (await bodyOf(link, stored, signal)).toLowerCase().includes(wanted);
}
