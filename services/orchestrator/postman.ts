/**
 * Outgoing mail: what the journal says the swarm must be told, sent after the PubAck, in order, until MAIL has
 * it. Ids are `<batch id>.<n>`; a new leader finds the last one in MAIL and goes on from there, so that no
 * announcement is lost or doubled, whoever leads (DESIGN 2.2). A mail in our name that names no batch of the
 * journal was written by somebody else and counts for nothing.
 *
 * Bounded in memory: batches that are acked faster than their mails are stored are not kept, but read again from the
 * journal when their turn comes.
 */
import type { Batch, Mail } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/index.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { type Announcement, announcementsOf } from './announcements.ts';
import type { OwnMail, Told } from './own-mail.ts';

interface Outgoing {
  readonly batch: Pick<Batch, 'id' | 'at' | 'events'>;
  readonly seq: number;
}

const RETRY_MS = 250;
/** Batches kept in memory; with more to do they come from the journal, so many at a time. */
const KEPT = 64;
const PAGE = 50;

export interface PostmanOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Pick<Journal, 'page'>;
  readonly ownMail: OwnMail;
  /** The mails of all batches up to this sequence are stored. */
  readonly after: number;
  /** The last batch there is. */
  readonly upTo: number;
  /** The last mail that is stored of the batch after `after`, if any is. */
  readonly told?: Told | undefined;
}

export class Postman {
  readonly #options: PostmanOptions;
  readonly #queue: Outgoing[] = [];
  #highest: number;
  /** What is not in the queue has to be read from the journal. */
  #isBehind: boolean;
  #wake = (): void => {};
  #announced: number;
  #lastMail: string | undefined;

  constructor(options: PostmanOptions) {
    this.#options = options;
    this.#announced = options.after;
    this.#highest = options.upTo;
    this.#isBehind = options.upTo > options.after;
    this.#lastMail = options.told?.id;
  }

  /** Id of the newest mail known to be stored. */
  get lastMail(): string | undefined {
    return this.#lastMail;
  }

  /** The mails of all batches up to this sequence are stored. */
  get announced(): number {
    return this.#announced;
  }

  /** Hands over an acked batch; its mails go out in the order of the calls. */
  post(batch: Outgoing['batch'], seq: number): void {
    this.#highest = seq;
    if (this.#isBehind || this.#queue.length >= KEPT) {
      this.#isBehind = true;
      this.#queue.length = 0;
    } else {
      this.#queue.push({ batch, seq });
    }
    this.#wake();
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#isBehind ? await this.#page(signal) : this.#queue.splice(0, 1);
      for (const outgoing of next) await this.#send(outgoing, signal);
      if (next.length === 0) await this.#idle(signal);
    }
  }

  async #idle(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isBehind || this.#queue.length > 0 || signal.aborted) resolve();
    });
  }

  /** The next batches as the journal has them; none when nothing is missing, or it cannot be read now. */
  async #page(signal: AbortSignal): Promise<readonly Outgoing[]> {
    const { journal, clock, log } = this.#options;
    if (this.#announced >= this.#highest) {
      this.#isBehind = false;
      return [];
    }
    try {
      const { batches } = await journal.page(this.#announced, PAGE);
      const acked = batches.filter(({ seq }) => seq <= this.#highest);
      // Nothing between: those batches are no longer in the journal.
      if (acked.length === 0) this.#announced = this.#highest;
      return acked;
    } catch (error) {
      if (!isWaggleError(error)) throw error;
      log.debug({ err: messageOf(error) }, 'the journal cannot be read for announcements yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      return [];
    }
  }

  async #send({ batch, seq }: Outgoing, signal: AbortSignal): Promise<void> {
    const { told } = this.#options;
    const mails = announcementsOf(batch.events).map(({ to, ...said }, n) => ({
      to,
      mail: mailOf(batch, seq, n, said),
    }));
    const from = told?.journalSeq === seq ? mails.findIndex(({ mail }) => mail.id === told.id) + 1 : 0;
    for (const { to, mail } of mails.slice(from)) {
      if (!(await this.#store(to, mail, signal))) return;
    }
    this.#announced = seq;
  }

  /** False when the signal aborted first. */
  async #store(to: Announcement['to'], mail: Mail, signal: AbortSignal): Promise<boolean> {
    const { swarm, project, clock, log, ownMail } = this.#options;
    while (!signal.aborted) {
      try {
        await sendMail(swarm, project, RESERVED_AGENT, to, mail);
        this.#lastMail = mail.id;
        return true;
      } catch (error) {
        if (isWaggleError(error, 'message-too-large')) {
          log.error({ err: error, mail: mail.id }, 'an announcement cannot be sent');
          return true;
        }
        log.debug({ err: messageOf(error), mail: mail.id }, 'announcement not stored yet');
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
        // Announcements go out one by one, so the last one tells whether it was stored and its answer lost.
        if ((await ownMail.last().catch(() => undefined))?.id === mail.id) {
          this.#lastMail = mail.id;
          return true;
        }
      }
    }
    return false;
  }
}

function mailOf(
  batch: Outgoing['batch'],
  seq: number,
  n: number,
  { text, kind = 'notice' }: Omit<Announcement, 'to'>,
): Mail {
  return { v: 1, id: `${batch.id}.${n}`, kind, at: batch.at, body: text, journal_seq: seq };
}
