/**
 * Outgoing mail: what the journal says the swarm must be told, sent after the PubAck, in order, until MAIL has
 * it. Ids are `<batch id>.<n>`; a new leader finds the last one in MAIL and goes on from there, so that no
 * announcement is lost or doubled, whoever leads (DESIGN 2.2). A mail in our name that names no batch of the
 * journal was written by somebody else and counts for nothing.
 */
import type { Batch, Mail } from '../../schemas/index.ts';
import { RESERVED_AGENT } from '../../schemas/index.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import { isFault, readMail, sendMail } from '../../shared/bus/mailbox.ts';
import type { Bus, Stored } from '../../shared/bus/port.ts';
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

/** An announcement in MAIL, and the journal sequence of the batch that it is about. */
interface Sent {
  readonly id: string;
  readonly journalSeq: number;
}

const RETRY_MS = 250;
const PAGE = 256;

export class Postman {
  readonly #queue: Outgoing[] = [];
  readonly #swarm: Bus;
  readonly #project: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stream: string;
  /** All mail in our name. */
  readonly #subject: string;
  #wake = (): void => {};
  /** Id of the newest mail known to be stored. */
  lastMail: string | undefined;

  constructor(options: { swarm: Bus; project: string; clock: Clock; log: Log }) {
    this.#swarm = options.swarm;
    this.#project = options.project;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#stream = streamNames(options.project).mail;
    this.#subject = subjectsOf(options.project).mailTo(undefined, RESERVED_AGENT);
  }

  /** Hands over an acked batch; its mails go out in the order of the calls. */
  post(batch: Outgoing['batch'], seq: number): void {
    this.#queue.push({ batch, seq });
    this.#wake();
  }

  /** The last announcement that MAIL holds. What comes after it has to be sent again by whoever leads now. */
  async lastSent(journal: Pick<Journal, 'page'>): Promise<Sent | undefined> {
    const last = await this.#last();
    if (last === undefined) return undefined;
    const newest = await newestOf([last], journal);
    if (newest !== undefined) return newest;
    for (let end = last.seq - 1; end > 0; end -= PAGE) {
      const options = { fromSeq: Math.max(1, end - PAGE + 1), subject: this.#subject, limit: PAGE };
      const { messages } = await this.#swarm.streams.page(this.#stream, options);
      const older = messages.filter(({ seq }) => seq <= end);
      const found = await newestOf(older.toReversed(), journal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Sends until the signal aborts. `sent` is what `lastSent` gave: mails up to it are skipped. */
  async run(sent: Sent | undefined, signal: AbortSignal): Promise<void> {
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

  #last(): Promise<Stored | undefined> {
    return this.#swarm.streams.get(this.#stream, { lastBySubject: this.#subject });
  }

  /** After a lost answer: announcements go out one by one, so the last one tells. */
  async #isStored(id: string): Promise<boolean> {
    const last = await this.#last().catch(() => undefined);
    return last !== undefined && sentOf(last)?.id === id;
  }

  async #send({ batch, seq }: Outgoing, sent: Sent | undefined, signal: AbortSignal): Promise<void> {
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

function sentOf(stored: Stored): Sent | undefined {
  const read = readMail(stored);
  if (isFault(read) || read.mail.journal_seq === undefined) return undefined;
  return { id: read.mail.id, journalSeq: read.mail.journal_seq };
}

/** The first of the messages, given newest first, that is an announcement of a batch of the journal. */
async function newestOf(
  messages: readonly Stored[],
  journal: Pick<Journal, 'page'>,
): Promise<Sent | undefined> {
  for (const sent of messages.flatMap((stored) => sentOf(stored) ?? [])) {
    const { batches } = await journal.page(Math.max(0, sent.journalSeq - 1), 1);
    const named = batches.find(({ seq }) => seq === sent.journalSeq);
    if (named !== undefined && sent.id.startsWith(`${named.batch.id}.`)) return sent;
  }
  return undefined;
}
