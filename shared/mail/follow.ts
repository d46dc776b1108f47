/**
 * Mails as they come, as records, for as long as somebody listens; who listens is present.
 */
import type { MailRecord, StoredMail } from '../../schemas/index.ts';
import { watchMail } from '../bus/mail-watch.ts';
import { bodyOf } from './bodies.ts';
import type { BusLink } from './bus-link.ts';
import type { Watched, WatchQuery } from './desk.ts';
import { filterOf } from './pages.ts';
import { persist } from './patience.ts';
import { keepPresent } from './presence.ts';
import type { Receipts } from './receipts.ts';
import { recordOf } from './record.ts';

/** How long a bus may be away at the start, where it is not known from which mail on. */
const START_PATIENCE_MS = 15_000;

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
    const after = query.after ?? (await endOf(link, signal));
    const reader = await link.reader();
    const choice = { ...filterOf(query), after };
    for await (const { mail, lag } of watchMail(swarm, project, reader, choice, clock, signal)) {
      yield { record: await handOver(mail), lag };
    }
  } catch (error) {
    // The end came while something was being asked for.
    if (!signal.aborted) throw error;
  } finally {
    ended.abort();
    await present;
  }
}

/** The stream's last sequence. */
async function endOf(link: BusLink, signal: AbortSignal): Promise<number> {
  const reader = await link.reader();
  const attempt = () => reader.mail({ last: 0 }, signal);
  const { last } = await persist(attempt, { clock: link.clock, patienceMs: START_PATIENCE_MS, signal });
  return last;
}

/** Waits for the bus as long as the watch does. */
async function bodyWhenThere(link: BusLink, mail: StoredMail, signal: AbortSignal): Promise<string> {
  if (mail.mail.body_file === undefined) return mail.mail.body ?? '';
  const attempt = () => bodyOf(link, mail, signal);
  return persist(attempt, { clock: link.clock, patienceMs: Number.POSITIVE_INFINITY, signal });
}
