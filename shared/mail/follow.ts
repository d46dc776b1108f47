/**
 * Mails as they come, as records, for as long as somebody listens; who listens is present.
 *
 * 1. In the order of sequences, each once, so that whoever leaves goes on behind the last one and misses nothing. The
 *    server publishes what two connections store at the same moment in any order: only who hears all of MAIL can tell
 *    that a sequence is still to come. So live mail is heard whole, and chosen here.
 * 2. What has passed is read by pages of what was chosen, at the reader's own pace.
 */
import type { MailRecord, StoredMail } from '../../schemas/index.ts';
import { watchMail } from '../bus/mail-watch.ts';
import { bodyOf } from './bodies.ts';
import type { BusLink } from './bus-link.ts';
import type { MailChoice, Watched, WatchQuery } from './desk.ts';
import { filterOf, type MailPage } from './pages.ts';
import { persist } from './patience.ts';
import { keepPresent } from './presence.ts';
import type { Receipts } from './receipts.ts';
import { recordOf } from './record.ts';

/** How long a bus may be away at the start, where it is not known from which mail on. */
const START_PATIENCE_MS = 15_000;
const PAGE = 200;

/** Ends without an error when the signal aborts. */
export async function* followMail(
  link: BusLink,
  receipts: Receipts,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<Watched, void, void> {
  const { swarm, project, clock } = link;
  const ended = new AbortController();
  const present = keepPresent(link, AbortSignal.any([signal, ended.signal]));
  const handOver = async (mail: StoredMail): Promise<MailRecord> => {
    const body = await bodyWhenThere(link, mail, signal);
    receipts.handed([mail]);
    return recordOf(mail, body);
  };
  try {
    let after = query.after ?? (await endOf(link, signal));
    for (let isBehind = query.after !== undefined; isBehind && !signal.aborted; ) {
      const page = await pageAfter(link, query, after, signal);
      isBehind = page.scanned_to < page.last;
      for (const [index, mail] of page.mails.entries()) {
        const isLast = !isBehind && index === page.mails.length - 1;
        yield { record: await handOver(mail), lag: isLast ? 0 : Math.max(0, page.last - mail.seq) };
      }
      after = Math.max(after, page.scanned_to);
    }
    const reader = await link.reader();
    for await (const { mail, lag } of watchMail(swarm, project, reader, { after }, clock, signal)) {
      if (isChosen(mail, query)) yield { record: await handOver(mail), lag };
    }
  } catch (error) {
    // The end came while something was being asked for.
    if (!signal.aborted) throw error;
  } finally {
    ended.abort();
    await present;
  }
}

function isChosen({ from, to }: StoredMail, choice: MailChoice): boolean {
  if (choice.from !== undefined && choice.from !== from) return false;
  const { target } = choice;
  if (target !== undefined) return to.kind === target.kind && to.name === target.name;
  return choice.everything === true || to.kind === 'topic';
}

/** The stream's last sequence. */
async function endOf(link: BusLink, signal: AbortSignal): Promise<number> {
  const reader = await link.reader();
  const attempt = () => reader.mail({ last: 0 }, signal);
  const { last } = await persist(attempt, { clock: link.clock, patienceMs: START_PATIENCE_MS, signal });
  return last;
}

/** Waits for the bus as long as the watch does. */
async function pageAfter(
  link: BusLink,
  choice: MailChoice,
  after: number,
  signal: AbortSignal,
): Promise<MailPage> {
  const reader = await link.reader();
  const attempt = () => reader.mail({ ...filterOf(choice), after, limit: PAGE }, signal);
  return persist(attempt, { clock: link.clock, patienceMs: Number.POSITIVE_INFINITY, signal });
}

/** Waits for the bus as long as the watch does. */
async function bodyWhenThere(link: BusLink, mail: StoredMail, signal: AbortSignal): Promise<string> {
  if (mail.mail.body_file === undefined) return mail.mail.body ?? '';
  const attempt = () => bodyOf(link, mail, signal);
  return persist(attempt, { clock: link.clock, patienceMs: Number.POSITIVE_INFINITY, signal });
}
