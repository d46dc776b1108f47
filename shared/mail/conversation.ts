/**
 * A conversation: the mail that began it, and everything that answers it or an answer to it. An answer always stands
 * behind what it answers, so one reading from the first mail on finds all of them.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { allowance } from './allowance.ts';
import type { BusLink } from './bus-link.ts';
import { mailSequence } from './message-id.ts';
import { findMail, mailAt, onward } from './pages.ts';

/** How far back a chain of answers is followed. */
const DEEPEST = 200;
/** How many mails are gone through for answers, behind the first mail and behind the one asked for. */
const SCANNED = 10_000;

/** Oldest first. Errors: `mail-unknown`. */
export async function conversationOf(
  link: BusLink,
  seq: number,
  signal?: AbortSignal,
): Promise<readonly StoredMail[]> {
  const asked = await mailAt(link, seq, signal);
  const members = new Map([[seq, asked]]);
  let first = asked;
  for (let n = 0; n < DEEPEST; n += 1) {
    const parent = parentOf(first);
    const mail = parent === undefined ? undefined : await findMail(link, parent, signal);
    if (mail === undefined) break;
    members.set(mail.seq, mail);
    first = mail;
  }
  const allow = allowance(link.mostBytes);
  allow(members.values());
  const add = (mail: StoredMail) => {
    allow([mail]);
    members.set(mail.seq, mail);
  };
  const scanned = await gather(link, members, add, first.seq, signal);
  if (scanned < seq) await gather(link, members, add, seq, signal);
  return [...members.values()].sort((a, b) => a.seq - b.seq);
}

/** Adds the answers that stand behind `after`; says how far that looked. */
async function gather(
  link: BusLink,
  members: ReadonlyMap<number, StoredMail>,
  add: (mail: StoredMail) => void,
  after: number,
  signal?: AbortSignal,
): Promise<number> {
  let scanned = after;
  let count = 0;
  for await (const page of onward(link, {}, after, signal)) {
    for (const mail of page.mails) {
      const parent = parentOf(mail);
      if (parent !== undefined && members.has(parent) && !members.has(mail.seq)) add(mail);
    }
    scanned = page.scanned_to;
    count += page.mails.length;
    if (count >= SCANNED) break;
  }
  return scanned;
}

/** The sequence of what it answers; a mail cannot answer what came later. */
function parentOf({ seq, mail }: StoredMail): number | undefined {
  const parent = mail.reply_to === undefined ? undefined : mailSequence(mail.reply_to);
  return parent !== undefined && parent < seq ? parent : undefined;
}
