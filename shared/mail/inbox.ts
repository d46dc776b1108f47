/**
 * An agent's own mail and what it has to do with it: list, read, acknowledge, and see what became of a mail.
 */
import type { MailRecord, StoredMail } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import { allowance } from './allowance.ts';
import type { BusLink } from './bus-link.ts';
import type { InboxItem, InboxQuery, Trace } from './desk.ts';
import { mailId, rfc3339 } from './message-id.ts';
import { backward, mailAt, onward, recordWith } from './pages.ts';
import { isTold, type Receipts } from './receipts.ts';
import { recordOf } from './record.ts';

/** How many of the newest mails to the own name are looked at. */
const NEWEST = 1_000;

interface Entry {
  readonly mail: StoredMail;
  readonly state: InboxItem['state'];
}

/** The newest `limit` (0: all): unread ones first, each group oldest first. */
export async function inboxOf(
  link: BusLink,
  receipts: Receipts,
  { limit, unreadOnly, brief }: InboxQuery,
  signal?: AbortSignal,
): Promise<readonly InboxItem[]> {
  const mails = await ownMail(link, signal);
  const states = mails.length === 0 ? new Map<number, never>() : await receipts.states(mails, signal);
  const entries = mails.map((mail): Entry => {
    const state = states.get(mail.seq);
    return { mail, state: state === undefined || state === 'delivered' ? 'unread' : state };
  });
  const unread = newest(
    entries.filter(({ state }) => state === 'unread'),
    limit === 0 ? NEWEST : limit,
  );
  const others = newest(
    unreadOnly === true ? [] : entries.filter(({ state }) => state !== 'unread'),
    limit === 0 ? NEWEST : limit - unread.length,
  );
  const items: InboxItem[] = [];
  const chosen = [...unread, ...others];
  if (brief !== true) allowance(link.mostBytes)(chosen.map(({ mail }) => mail));
  for (const { mail, state } of chosen) {
    const record = brief === true ? briefRecord(mail) : await recordWith(link, mail, signal);
    items.push({ record, state });
  }
  receipts.handed(chosen.map(({ mail }) => mail));
  return items;
}

/** A body that lies in FILES stays there. */
function briefRecord(stored: StoredMail): MailRecord {
  const { seq, mail } = stored;
  const long = `(${mail.body_file?.size_bytes} bytes: fmail read ${mailId(mail.at, seq)})`;
  return recordOf(stored, mail.body_file === undefined ? (mail.body ?? '') : long);
}

const newest = (entries: readonly Entry[], count: number): readonly Entry[] =>
  count <= 0 ? [] : entries.slice(-count);

async function ownMail(link: BusLink, signal?: AbortSignal): Promise<readonly StoredMail[]> {
  const target = { kind: 'agent', name: link.agent } as const;
  const pages: StoredMail[][] = [];
  let count = 0;
  for await (const { mails } of backward(link, { target }, NEWEST, signal)) {
    // Reports are for the board.
    pages.unshift(mails.filter(({ mail }) => mail.kind !== 'report' && mail.kind !== 'receipt'));
    count += mails.length;
    if (count >= NEWEST) break;
  }
  return pages.flat().slice(-NEWEST);
}

/** Errors: `mail-unknown`. */
export async function readOne(
  link: BusLink,
  receipts: Receipts,
  seq: number,
  signal?: AbortSignal,
): Promise<MailRecord> {
  const mail = await mailAt(link, seq, signal);
  const record = await recordWith(link, mail, signal);
  await receipts.write(mail, 'read', signal);
  return record;
}

/** Errors: `mail-unknown`, and `mail-invalid` for a mail that the agent has nothing to acknowledge of. */
export async function acknowledge(
  link: BusLink,
  receipts: Receipts,
  seq: number,
  signal?: AbortSignal,
): Promise<MailRecord> {
  const mail = await mailAt(link, seq, signal);
  if (!isTold(mail, 'acknowledged', link.agent)) {
    const message = `message ${mailId(mail.mail.at, seq)} ${whyNot(mail, link.agent)}`;
    throw new WaggleError('mail-invalid', { message, seq });
  }
  await receipts.write(mail, 'acknowledged', signal);
  return recordWith(link, mail, signal);
}

function whyNot({ from, to }: StoredMail, agent: string): string {
  if (from === agent) return 'is your own: others acknowledge it';
  if (to.kind === 'agent' && to.name !== agent) return `is for @${to.name}, not for you`;
  return 'asks nobody to acknowledge it';
}

/** Errors: `mail-unknown`. */
export async function traceOf(link: BusLink, seq: number, signal?: AbortSignal): Promise<Trace> {
  const mail = await mailAt(link, seq, signal);
  const record = await recordWith(link, mail, signal);
  const receipts: { by: string; state: Trace['receipts'][number]['state']; time: string }[] = [];
  const target = { kind: 'receipt', name: String(seq) } as const;
  for await (const page of onward(link, { target }, seq, signal)) {
    for (const { from: by, mail: told } of page.mails) {
      const { receipt } = told;
      if (told.kind !== 'receipt' || receipt?.seq !== seq || !isTold(mail, receipt.state, by)) continue;
      if (receipts.some((known) => known.by === by && known.state === receipt.state)) continue;
      receipts.push({ by, state: receipt.state, time: rfc3339(told.at) });
    }
  }
  const board = await link.board();
  const { letters } = await board.query({ v: 1, kind: 'letters', seqs: [seq] }, signal);
  const letter = letters.find((one) => one.seq === seq);
  return {
    record,
    receipts,
    ...(letter === undefined
      ? {}
      : {
          letter: {
            state: letter.state,
            ...(letter.ack_by === undefined ? {} : { ack_by: letter.ack_by }),
            ...(letter.why === undefined ? {} : { why: letter.why }),
          },
        }),
  };
}
