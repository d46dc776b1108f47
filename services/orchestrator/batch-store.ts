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
import type { RandomId } from '../../shared/random.ts';

/** Where a board stands in its journal. */
export interface Position {
  seq: number;
  batch: string | undefined;
  at: number;
  mailSeq: number;
}

/** The events of one input, and how far MAIL is consumed with it. */
export interface Group {
  readonly events: readonly Event[];
  readonly mailSeq: number;
}

export interface BatchStoreOptions {
  readonly board: Pick<Board, 'term'>;
  /** Advanced with each acked batch. */
  readonly position: Position;
  readonly journal: Pick<Journal, 'append'>;
  readonly randomId: RandomId;
  readonly maxPayloadBytes: number;
  /** Creation times of the streams the journal depends on. */
  readonly streams: Readonly<Record<string, string>>;
  readonly lastMail: () => string | undefined;
  /** Called with each acked batch, before anybody is answered. */
  readonly onBatch: (batch: Batch, seq: number) => void;
}

/** Room for the batch's own fields and the message's headers. */
const ENVELOPE_BYTES = 8_192;

export class BatchStore {
  readonly #options: BatchStoreOptions;

  constructor(options: BatchStoreOptions) {
    this.#options = options;
  }

  /** Whether the events fit one message. */
  fits(events: readonly Event[]): boolean {
    const { at, mailSeq } = this.#options.position;
    return this.#isFitting(encode('Batch', this.#batch(events, at, mailSeq)).payload);
  }

  /** Resolves when everything is acked. Errors: the journal's; then nothing of the board may be believed. */
  async append(groups: readonly Group[], at: number, signal: AbortSignal): Promise<void> {
    const { journal, position, onBatch } = this.#options;
    const filled = groups.filter(({ events }) => events.length > 0);
    const last = groups.at(-1);
    if (filled.length === 0 || last === undefined) return;
    const events = filled.flatMap((group) => group.events);
    const batch = this.#batch(events, at, last.mailSeq);
    const parts = this.#isFitting(encode('Batch', batch).payload) ? undefined : this.#halve(filled);
    if (parts !== undefined) {
      await this.append(parts[0], at, signal);
      await this.append([...parts[1], { events: [], mailSeq: last.mailSeq }], at, signal);
      return;
    }
    const seq = await journal.append(batch, position.seq, signal);
    position.seq = seq;
    position.batch = batch.id;
    position.mailSeq = batch.mail_seq;
    onBatch(batch, seq);
  }

  /** Between two inputs where there are two; the first part of a single one consumes no mail. */
  #halve(groups: readonly Group[]): readonly [readonly Group[], readonly Group[]] | undefined {
    const half = Math.ceil(groups.length / 2);
    if (groups.length > 1) return [groups.slice(0, half), groups.slice(half)];
    const [only] = groups;
    if (only === undefined || only.events.length < 2) return undefined;
    const middle = Math.ceil(only.events.length / 2);
    return [
      [{ events: only.events.slice(0, middle), mailSeq: this.#options.position.mailSeq }],
      [{ events: only.events.slice(middle), mailSeq: only.mailSeq }],
    ];
  }

  #isFitting(payload: Uint8Array): boolean {
    return payload.byteLength + ENVELOPE_BYTES <= this.#options.maxPayloadBytes;
  }

  #batch(events: readonly Event[], at: number, mailSeq: number): Batch {
    const { board, position, randomId, streams } = this.#options;
    const lastMail = this.#options.lastMail();
    return {
      v: 1,
      id: randomId(),
      ...(position.batch === undefined ? {} : { predecessor: position.batch }),
      term: board.term,
      at,
      mail_seq: mailSeq,
      ...(lastMail === undefined ? {} : { last_mail: lastMail }),
      streams: { ...streams },
      events: [...events],
    };
  }
}
