/**
 * Following mail without rights on `$JS.API`: plain subscriptions to what MAIL republishes, and the read service for
 * the past and for gaps (DESIGN 2.2).
 *
 * 1. Every mail after the start is given once, over reconnects and restarts of the bus.
 * 2. In the order of sequences. The server publishes what two connections store at the same moment in any order: only
 *    who hears all of MAIL can tell that a sequence is still to come. So live mail is heard whole and chosen here; after
 *    a disconnect, a slow-consumer notice or a missing sequence it is held until the stream has been read to its end.
 * 3. A reader that is slow costs bounded memory: what it cannot take waits in MAIL, and is read by pages.
 */
import type { StoredMail } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError } from '../errors.ts';
import { Bell } from './bell.ts';
import { isTransient } from './board-client.ts';
import { MailTrail } from './mail-trail.ts';
import { isFault, LONGEST_MAIL_BYTES, readMail } from './mailbox.ts';
import type { Bus, Delivery } from './port.ts';
import type { Reader } from './read-client.ts';
import { type MailRoute, mailRoute, subjectsOf } from './subjects.ts';

/** Which mails; without target and family those to topics and agents, no receipts. */
export interface WatchOptions {
  readonly target?: MailRoute;
  /** Of this kind of target only; not beside `target`. */
  readonly family?: MailRoute['kind'];
  readonly from?: string;
  /** Give what comes after this sequence. */
  readonly after: number;
}

export interface WatchedMail {
  readonly mail: StoredMail;
  /** How many sequences of MAIL the reader is behind, once it has this mail. */
  readonly lag: number;
}

const LOOK_MS = 30_000;
const RETRY_MS = 250;
const PAGE = 500;

/**
 * Ends without an error when the signal aborts. Errors: `bus-closed` when the bus is closed for good, `bus-forbidden`,
 * and the reader's that no retry mends.
 */
export async function* watchMail(
  swarm: Bus,
  project: string,
  reader: Reader,
  options: WatchOptions,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<WatchedMail, void, void> {
  const subjects = subjectsOf(project);
  const trail = new MailTrail(options.after);
  /** Rung for whatever may be to do, and for what may bring the reader back. */
  const [bell, back] = [new Bell(), new Bell()];
  const wake = (): void => {
    bell.ring();
    back.ring();
  };
  const ended = new AbortController();
  const subscription = swarm.subscribe(subjects.live(subjects.mailTo()));
  const offStatus = swarm.onStatus(() => {
    trail.doubt('gap');
    wake();
  });
  let failure: unknown;
  const pump = (async () => {
    try {
      for await (const delivery of subscription) {
        takeLive(trail, delivery, options);
        bell.ring();
      }
    } catch (error) {
      failure = error;
      wake();
    }
  })();
  const looks = (async () => {
    const all = AbortSignal.any([signal, ended.signal]);
    while (!all.aborted) {
      await clock.sleep(LOOK_MS, all).catch(() => undefined);
      trail.doubt('look');
      bell.ring();
    }
  })();
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      if (failure !== undefined) throw failure;
      if (trail.need !== 'none') {
        const isRead = yield* readOn(trail, reader, options, signal);
        // That somebody answers again is told by nobody.
        if (!isRead && !signal.aborted) await back.waitAtMost(RETRY_MS, clock);
        continue;
      }
      const mail = trail.next();
      if (mail !== undefined) yield { mail, lag: trail.lag(mail.seq, true) };
      else if (trail.need === 'none') await bell.wait();
    }
  } finally {
    signal.removeEventListener('abort', wake);
    ended.abort();
    offStatus();
    subscription.close();
    await Promise.all([pump, looks]);
  }
}

/** Gives what stands behind the trail, up to the stream's end; says whether it got there. */
async function* readOn(
  trail: MailTrail,
  reader: Reader,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchedMail, boolean, void> {
  const { need } = trail;
  trail.settle();
  while (!signal.aborted) {
    const page = await reader
      .mail({ ...options, after: trail.complete, limit: PAGE }, signal)
      .catch((error: unknown) => {
        if (signal.aborted || isPassing(error)) return undefined;
        throw error;
      });
    if (page === undefined) {
      // Where nothing is known to be missing, live mail goes on without those who answer.
      if (need === 'gap') trail.doubt('gap');
      return need !== 'gap';
    }
    trail.sees(page.last);
    const missing = trail.missing(page.mails);
    for (const [index, mail] of missing.entries()) {
      const isLast = index === missing.length - 1 && page.scanned_to >= page.last;
      yield { mail, lag: trail.lag(mail.seq, isLast) };
      if (signal.aborted) return false;
    }
    if (trail.covers(page.scanned_to, page.last)) return true;
  }
  return false;
}

/** Nobody answers just now, or whoever does is cut off from MAIL itself. */
const isPassing = (error: unknown): boolean =>
  isWaggleError(error) &&
  (isTransient(error) || (error.code === 'refused' && error.details['reason'] === 'read-failed'));

function takeLive(trail: MailTrail, delivery: Delivery, options: WatchOptions): void {
  const { subject, payload, headers } = delivery;
  const seq = Number(headers['Nats-Sequence']);
  if (!Number.isSafeInteger(seq) || seq < 1) return;
  const route = mailRoute(subject);
  const wanted = route !== undefined && isWanted(route, options) && payload.byteLength <= LONGEST_MAIL_BYTES;
  const mail = wanted ? readMail({ seq, subject, payload, headers }) : undefined;
  const isOurs = mail !== undefined && !isFault(mail);
  trail.take({ seq, before: seq - 1, bytes: isOurs ? payload.byteLength : 0, ...(isOurs ? { mail } : {}) });
}

function isWanted({ from, to }: { from: string; to: MailRoute }, options: WatchOptions): boolean {
  const { target, family } = options;
  if (options.from !== undefined && options.from !== from) return false;
  if (target !== undefined) return to.kind === target.kind && to.name === target.name;
  return family === undefined ? to.kind !== 'receipt' : to.kind === family;
}
