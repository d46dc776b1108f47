/**
 * Stores the decided events of a term: as few batches as the payload limit allows, each following the one before.
 * Owns a board's place in its journal; knows nothing of who asked for what.
 *
 * Invariants:
 * 1. One input's events stay in one batch, unless they alone are larger than a message.
 * 2. A batch says that MAIL is consumed up to the inputs that it holds, also when it was cut: what comes in the next
 *    one would be lost with a leader that dies in between.
 */
import type { Batch, Event } from '../../schemas/index.ts';
import type { Board } from '../../shared/board/state.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { RandomId } from '../../shared/random.ts';

/** How far MAIL is consumed: a message's sequence, and when the server stored it. */
export interface MailPlace {
  readonly seq: number;
  readonly at?: number | undefined;
}

/** Where a board stands in its journal. */
export interface Position {
  seq: number;
  batch: string | undefined;
  at: number;
  mail: MailPlace;
}

/** The events of one input, and how far MAIL is consumed with it. */
export interface Group {
  readonly events: readonly Event[];
  readonly mail: MailPlace;
  /** Stored also without events: a mail that must not be tried again. */
  readonly isDue?: boolean;
  /** Called when its only event is larger than a message: the board cannot be kept, nor this input taken again. */
  readonly onTooLarge?: () => void;
}

export interface BatchStoreOptions {
  readonly board: Pick<Board, 'term' | 'format'>;
  /** Advanced with each acked batch. */
  readonly position: Position;
  readonly journal: Pick<Journal, 'append'>;
  readonly randomId: RandomId;
  readonly maxPayloadBytes: number;
  /** Creation times of the streams the journal depends on. */
  readonly streams: Readonly<Record<string, string>>;
  readonly lastMail: () => string | undefined;
  /** Called with each acked batch and its size, before anybody is answered. */
  readonly onBatch: (batch: Batch, seq: number, bytes: number) => void;
}

/** A leader that begins reads at most about so many mails again that led to nothing. */
export const PASSED_MOST = 5_000;
/** Room for the batch's own fields and the message's headers. */
const ENVELOPE_BYTES = 8_192;
/** The format of the journal in which batches name the time of the consumed mail. */
const MAIL_AT_FORMAT = 2;

export class BatchStore {
  readonly #options: BatchStoreOptions;

  constructor(options: BatchStoreOptions) {
    this.#options = options;
  }

  /** Whether the events fit one message. */
  fits(events: readonly Event[]): boolean {
    const { at, mail } = this.#options.position;
    return this.#isFitting(bytesOf(this.#batch(events, at, mail)));
  }

  /** Resolves when everything is acked. Errors: the journal's; then nothing of the board may be believed. */
  async append(groups: readonly Group[], at: number, signal: AbortSignal): Promise<void> {
    const { journal, position, onBatch } = this.#options;
    const filled = groups.filter(({ events, isDue }) => events.length > 0 || isDue === true);
    const last = groups.at(-1);
    if (last === undefined) return;
    const isFar = last.mail.seq - position.mail.seq >= PASSED_MOST;
    if (filled.length === 0 && !isFar) return;
    const events = filled.flatMap((group) => group.events);
    const batch = this.#batch(events, at, last.mail);
    const bytes = bytesOf(batch);
    const parts = this.#isFitting(bytes) ? undefined : this.#halve(filled);
    if (parts !== undefined) {
      await this.append(parts[0], at, signal);
      await this.append([...parts[1], { events: [], mail: last.mail }], at, signal);
      return;
    }
    let seq: number;
    try {
      seq = await journal.append(batch, position.seq, signal);
    } catch (error) {
      if (isWaggleError(error, 'message-too-large')) for (const { onTooLarge } of filled) onTooLarge?.();
      throw error;
    }
    position.seq = seq;
    position.batch = batch.id;
    position.mail = last.mail;
    onBatch(batch, seq, bytes);
  }

  /** Between two inputs where there are two; the first part of a single one consumes no mail. */
  #halve(groups: readonly Group[]): readonly [readonly Group[], readonly Group[]] | undefined {
    const half = Math.ceil(groups.length / 2);
    if (groups.length > 1) return [groups.slice(0, half), groups.slice(half)];
    const [only] = groups;
    if (only === undefined || only.events.length < 2) return undefined;
    const middle = Math.ceil(only.events.length / 2);
    return [
      [{ ...only, events: only.events.slice(0, middle), mail: this.#options.position.mail }],
      [{ ...only, events: only.events.slice(middle) }],
    ];
  }

  #isFitting(bytes: number): boolean {
    return bytes + ENVELOPE_BYTES <= this.#options.maxPayloadBytes;
  }

  #batch(events: readonly Event[], at: number, mail: MailPlace): Batch {
    const { board, position, randomId, streams } = this.#options;
    const lastMail = this.#options.lastMail();
    const hasTime = mail.at !== undefined && board.format >= MAIL_AT_FORMAT;
    return {
      v: 1,
      id: randomId(),
      ...(position.batch === undefined ? {} : { predecessor: position.batch }),
      term: board.term,
      at,
      mail_seq: mail.seq,
      ...(hasTime ? { mail_at: mail.at } : {}),
      ...(lastMail === undefined ? {} : { last_mail: lastMail }),
      streams: { ...streams },
      events: [...events],
    };
  }
}

const bytesOf = (batch: Batch): number => encode('Batch', batch).payload.byteLength;
