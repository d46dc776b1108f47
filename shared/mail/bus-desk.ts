/**
 * An agent's mail over the bus. Owns nothing but the receipts that are still to be told; the connection is its
 * giver's. Each method's code is loaded when it is first called: a command calls one or two.
 */
import type { Presence } from '../../schemas/index.ts';
import { type BusDeskOptions, busLink } from './bus-link.ts';
import type { MailDesk } from './desk.ts';
import { showPresence } from './presence.ts';
import type { Receipts } from './receipts.ts';
import { sendDraft } from './sending.ts';
import { Tries } from './tries.ts';

/** How long closing waits for receipts. */
const CLOSE_MS = 2_000;
/** Who is busy says no oftener than this that it is here. */
const SHOWN_MS = 1_000;

/** A desk of that agent. Closing it tells the last receipts and leaves the connection open. */
export function createBusDesk(options: BusDeskOptions): MailDesk {
  const link = busLink(options);
  const { agent, project, clock } = link;
  const tries = new Tries();
  let opened: Promise<Receipts> | undefined;
  const receipts = (): Promise<Receipts> =>
    (opened ??= import('./receipts.ts').then(({ createReceipts }) => createReceipts(link)));

  let shownAt = Number.NEGATIVE_INFINITY;
  const show = (via: Presence['via']): void => {
    if (clock.monotonic() - shownAt < SHOWN_MS) return;
    shownAt = clock.monotonic();
    showPresence(link, via);
  };

  return {
    agent,
    project,
    async send(draft, signal) {
      show('send');
      return sendDraft(link, tries, draft, signal);
    },
    async log(query, signal) {
      const [{ recentMail }, { recordsWith }] = await Promise.all([import('./log.ts'), import('./pages.ts')]);
      const { mails, last } = await recentMail(link, query, signal);
      const records = await recordsWith(link, mails, signal);
      (await receipts()).handed(mails);
      return { records, last };
    },
    async *watch(query, signal) {
      const { followMail } = await import('./follow.ts');
      yield* followMail(link, await receipts(), query, signal);
    },
    async who(signal) {
      const { whoIsThere } = await import('./people.ts');
      return whoIsThere(link, signal);
    },
    async topics(signal) {
      const { topicRecords } = await import('./topics.ts');
      return topicRecords(link, signal);
    },
    async register(name, signal) {
      const { registerName } = await import('./people.ts');
      return registerName(link, name, signal);
    },
    async status(signal) {
      const { statusOf } = await import('./people.ts');
      show('status');
      return statusOf(link, signal);
    },
    async setStatus(text, signal) {
      const { setStatusTo } = await import('./people.ts');
      show('status');
      await setStatusTo(link, text, signal);
    },
    async inbox(query, signal) {
      const { inboxOf } = await import('./inbox.ts');
      show('read');
      return inboxOf(link, await receipts(), query, signal);
    },
    async read(seq, signal) {
      const { readOne } = await import('./inbox.ts');
      show('read');
      return readOne(link, await receipts(), seq, signal);
    },
    async ack(seq, signal) {
      const { acknowledge } = await import('./inbox.ts');
      show('read');
      return acknowledge(link, await receipts(), seq, signal);
    },
    async trace(seq, signal) {
      const { traceOf } = await import('./inbox.ts');
      return traceOf(link, seq, signal);
    },
    async thread(seq, signal) {
      const [{ conversationOf }, { recordsWith }] = await Promise.all([
        import('./conversation.ts'),
        import('./pages.ts'),
      ]);
      const mails = await conversationOf(link, seq, signal);
      const records = await recordsWith(link, mails, signal);
      (await receipts()).handed(mails);
      return records;
    },
    async search(query, signal) {
      const [{ searchMail }, { recordsWith }] = await Promise.all([import('./log.ts'), import('./pages.ts')]);
      const mails = await searchMail(link, query, signal);
      const records = await recordsWith(link, mails, signal);
      (await receipts()).handed(mails);
      return records;
    },
    async deadLetters(signal) {
      const { deadLettersOf } = await import('./dead-letters.ts');
      return deadLettersOf(link, signal);
    },
    async redeliver(seq, to, signal) {
      const { redeliver } = await import('./dead-letters.ts');
      return redeliver(link, seq, to, signal);
    },
    async close() {
      if (opened === undefined) return;
      const late = new AbortController();
      const drained = opened.then((book) => book.drain());
      await Promise.race([drained, clock.sleep(CLOSE_MS, late.signal).catch(() => undefined)]);
      late.abort();
    },
  };
}
