/**
 * Following mail without rights on `$JS.API`: plain subscriptions to what MAIL republishes, and the read
 * service for the past and for gaps (DESIGN 2.2).
 *
 * Invariants: 1. every mail after the start is yielded once; 2. a lost live message is found by its successor's
 * header, after a reconnect, a slow-consumer notice, or at the latest by the next read in 30 s.
 */
import type { StoredMail } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError } from '../errors.ts';
import { isTransient } from './board-client.ts';
import { isFault, readMail } from './mailbox.ts';
import type { Bus } from './port.ts';
import type { Reader } from './read-client.ts';
import { type MailTarget, subjectsOf } from './subjects.ts';

export interface WatchOptions {
  readonly target?: MailTarget;
  readonly from?: string;
  /** Yield what comes after this sequence. */
  readonly after: number;
}

const REREAD_MS = 30_000;
const PAGE = 200;

export async function* watchMail(
  swarm: Bus,
  project: string,
  reader: Reader,
  options: WatchOptions,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<StoredMail> {
  const subjects = subjectsOf(project);
  const subscription = swarm.subscribe(subjects.live(subjects.mailTo(options.target, options.from)));
  const live: StoredMail[] = [];
  const seen = new Set<number>();
  let scanned = options.after;
  let stale = true;
  let wake = () => {};
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const offStatus = swarm.onStatus((status) => {
    if (status !== 'disconnected') {
      stale = true;
      wake();
    }
  });
  const pump = (async () => {
    for await (const { subject, payload, headers } of subscription) {
      const seq = Number(headers['Nats-Sequence']);
      const before = Number(headers['Nats-Last-Sequence'] ?? 0);
      const mail = readMail({ seq, subject, payload, headers });
      if (before > scanned && !seen.has(before)) stale = true;
      if (!isFault(mail) && Number.isSafeInteger(seq)) live.push(mail);
      wake();
    }
  })();
  const rereads = (async () => {
    while (!all.aborted) {
      await clock.sleep(REREAD_MS, all).catch(() => undefined);
      stale = true;
      wake();
    }
  })();
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (stale) {
        stale = false;
        for (;;) {
          const page = await reader
            .mail({ ...options, after: scanned, limit: PAGE }, signal)
            .catch((error: unknown) => {
              if (signal.aborted || (isWaggleError(error) && isTransient(error))) return undefined;
              throw error;
            });
          if (page === undefined) {
            stale = true;
            await clock.sleep(250, signal).catch(() => undefined);
            break;
          }
          for (const mail of page.mails) {
            if (seen.has(mail.seq)) continue;
            seen.add(mail.seq);
            yield mail;
          }
          scanned = Math.max(scanned, page.scanned_to);
          if (page.scanned_to >= page.last) break;
        }
        for (const seq of seen) if (seq <= scanned) seen.delete(seq);
        continue;
      }
      const mail = live.shift();
      if (mail !== undefined) {
        if (mail.seq <= scanned || seen.has(mail.seq)) continue;
        seen.add(mail.seq);
        yield mail;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stale || live.length > 0 || signal.aborted) resolve();
      });
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    ended.abort();
    offStatus();
    subscription.close();
    await Promise.all([pump, rereads]);
  }
}
