/**
 * Outgoing mail: what the journal says the swarm must be told, sent after the PubAck, in order, until MAIL has
 * it. Ids are `<batch id>.<n>`; a new leader finds the last one in MAIL and goes on from there, so that no
 * announcement is lost or doubled, whoever leads (DESIGN 2.2).
 */
import type { Batch, Mail } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/index.ts';
import { isFault, readMail, sendMail } from '../../shared/bus/mailbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { announcementsOf } from './announcements.ts';

interface Outgoing {
  readonly batch: Pick<Batch, 'id' | 'at' | 'events'>;
  readonly seq: number;
}

const RETRY_MS = 250;

export class Postman {
  readonly #queue: Outgoing[] = [];
  readonly #swarm: Bus;
  readonly #project: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #wake = (): void => {};
  /** Id of the newest mail known to be stored. */
  lastMail: string | undefined;

  constructor(options: { swarm: Bus; project: string; clock: Clock; log: Log }) {
    this.#swarm = options.swarm;
    this.#project = options.project;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Hands over an acked batch; its mails go out in the order of the calls. */
  post(batch: Outgoing['batch'], seq: number): void {
    this.#queue.push({ batch, seq });
    this.#wake();
  }

  /**
   * The last announcement that MAIL holds: batch id, number, and the journal sequence of its batch. What comes
   * after it has to be sent again by whoever leads now.
   */
  async lastSent(): Promise<{ readonly id: string; readonly journalSeq: number } | undefined> {
    const subject = subjectsOf(this.#project).mailTo(undefined, RESERVED_AGENT);
    const stored = await this.#swarm.streams.get(streamNames(this.#project).mail, { lastBySubject: subject });
    if (stored === undefined) return undefined;
    const read = readMail(stored);
    if (isFault(read) || read.mail.journal_seq === undefined) return undefined;
    return { id: read.mail.id, journalSeq: read.mail.journal_seq };
  }

  /** Sends until the signal aborts. `sent` is what `lastSent` gave: mails up to it are skipped. */
  async run(
    sent: { readonly id: string; readonly journalSeq: number } | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.lastMail = sent?.id;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#queue.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#queue.length > 0 || signal.aborted) resolve();
        });
        continue;
      }
      await this.#send(next, sent, signal);
    }
  }

  /** After a lost answer: only the leader writes these subjects, in order, so the last one tells. */
  async #isStored(id: string): Promise<boolean> {
    const last = await this.lastSent().catch(() => undefined);
    return last?.id === id;
  }

  async #send(
    { batch, seq }: Outgoing,
    sent: { readonly id: string; readonly journalSeq: number } | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (sent !== undefined && seq < sent.journalSeq) return;
    const mails = announcementsOf(batch.events).map(({ to, text }, n) => ({
      to,
      mail: mailOf(batch, seq, n, text),
    }));
    const from = sent?.journalSeq === seq ? mails.findIndex(({ mail }) => mail.id === sent.id) + 1 : 0;
    for (const { to, mail } of mails.slice(from)) {
      while (!signal.aborted) {
        try {
          await sendMail(this.#swarm, this.#project, RESERVED_AGENT, to, mail);
          this.lastMail = mail.id;
          break;
        } catch (error) {
          if (isWaggleError(error, 'message-too-large')) {
            this.#log.error({ err: error, mail: mail.id }, 'an announcement cannot be sent');
            break;
          }
          this.#log.debug({ err: messageOf(error), mail: mail.id }, 'announcement not stored yet');
          await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined);
          if (await this.#isStored(mail.id)) {
            this.lastMail = mail.id;
            break;
          }
        }
      }
    }
  }
}

function mailOf(batch: Outgoing['batch'], seq: number, n: number, text: string): Mail {
  return { v: 1, id: `${batch.id}.${n}`, kind: 'notice', at: batch.at, body: text, journal_seq: seq };
}
