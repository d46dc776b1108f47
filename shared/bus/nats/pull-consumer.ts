/**
 * Pull consumer: a short-lived, unacknowledged server-side cursor over a stream, from which messages are pulled
 * in batches. Needs rights on `$JS.API` alone (flow control of push consumers would need more). The library's own
 * iterator isn't used: it reads on without a word in a stream that was created anew, stalls for good before a
 * message larger than its bound of bytes, and takes no bound in messages beside that.
 *
 * 1. One pull at a time: `isPulling` until its last message or its end has arrived.
 * 2. What is pulled is bounded in messages and bytes: a server cuts off who lets more than 64 MiB pile up.
 * 3. The server numbers deliveries; a number left out means that one was lost: `lost` is told, never hidden.
 * 4. A lost connection ends it. It is never resumed: whoever wants more opens another one from where it was.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type PullOptions,
} from '@nats-io/jetstream';
import { type Msg, nanos } from 'nats';
import type { RandomId } from '../../random.ts';
import type { Headers, Stored } from '../port.ts';
import { Arrivals } from './arrivals.ts';
import type { Call, JetStream } from './jetstream.ts';
import type { Link } from './link.ts';
import { decodeHeaders } from './message.ts';

/** What pull consumers and their readers share. */
export interface PullContext {
  readonly link: Link;
  readonly jetStream: JetStream;
  readonly inboxPrefix: string;
  readonly randomId: RandomId;
}

export interface PullQuery {
  readonly stream: string;
  readonly fromSeq: number;
  readonly subject: string | undefined;
}

/**
 * Why a pull is over before all of it came: nothing more was there (in time), its bound of bytes was met, or the
 * cursor itself has gone.
 */
export type PullEnd = 'empty' | 'bounds' | 'gone';

/** `lost`: deliveries are missing; `beat`: the server lives. */
export type Arrival =
  | { readonly kind: 'stored'; readonly stored: Stored }
  | { readonly kind: 'end'; readonly why: PullEnd; readonly description: string }
  | { readonly kind: 'lost' | 'beat' };

/** The server forgets a cursor that nobody pulls from for this long. */
export const INACTIVE_MS = 60_000;
export const HEARTBEAT_MS = 1_500;
const PULL_EXPIRES_MS = 30_000;
const PULL_MAX_BYTES = 8 * 1024 * 1024;

export class PullConsumer {
  readonly arrivals = new Arrivals<Arrival>();
  /** How many messages matched when it was opened. */
  readonly pending: number;
  readonly #context: PullContext;
  readonly #query: PullQuery;
  readonly #name: string;
  readonly #inbox: string;
  readonly #release: () => void;
  #left = 0;
  #takenInPull = 0;
  #delivered = 0;
  /** It exceeds the bound of bytes by itself, so it must come alone. */
  #isNextTooLarge = false;

  /** Errors: those of `JetStream.ask`. */
  static async open(context: PullContext, query: PullQuery, signal?: AbortSignal): Promise<PullConsumer> {
    const { stream, fromSeq, subject } = query;
    const config: Partial<ConsumerConfig> = {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, fromSeq),
      ack_policy: AckPolicy.None,
      mem_storage: true,
      inactive_threshold: nanos(INACTIVE_MS),
      ...(subject === undefined ? {} : { filter_subject: subject }),
    };
    const call: Call<ConsumerInfo> = ({ consumers }) => consumers.add(stream, config);
    const info = await context.jetStream.ask('cursor', stream, call, signal);
    return new PullConsumer(context, query, info);
  }

  private constructor(context: PullContext, query: PullQuery, info: ConsumerInfo) {
    this.#context = context;
    this.#query = query;
    this.#name = info.name;
    this.pending = info.num_pending;
    this.#inbox = `${context.inboxPrefix}.${context.randomId()}`;
    const subscription = context.link.client.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (error !== null) this.arrivals.end(error);
        else this.#take(message);
      },
    });
    const off = context.link.onStatus((status) => {
      if (status === 'disconnected' || status === 'closed') this.arrivals.end();
    });
    this.#release = () => {
      off();
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  get isPulling(): boolean {
    return this.#left > 0;
  }

  /** Asks for up to `batch` messages; waits for them to come, or with `noWait` takes what is there. */
  pull(batch: number, options: { noWait?: boolean } = {}): void {
    this.#left = this.#isNextTooLarge ? 1 : batch;
    this.#takenInPull = 0;
    const request: Partial<PullOptions> = {
      batch: this.#left,
      ...(this.#isNextTooLarge ? {} : { max_bytes: PULL_MAX_BYTES }),
      ...(options.noWait === true
        ? { no_wait: true }
        : { expires: nanos(PULL_EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }),
    };
    this.#isNextTooLarge = false;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#query.stream}.${this.#name}`;
    const sent = this.#context.link.send(subject, Buffer.from(JSON.stringify(request)), {
      reply: this.#inbox,
    });
    if (!sent) this.arrivals.end();
  }

  /**
   * Lets go of the cursor. Asks the server to remove it without awaiting an answer: it forgets it by itself, and
   * leaving must not wait for a server that is silent.
   */
  close(): void {
    this.#release();
    this.arrivals.end();
    const subject = `$JS.API.CONSUMER.DELETE.${this.#query.stream}.${this.#name}`;
    this.#context.link.send(subject, new Uint8Array(), {});
  }

  #take(message: Msg): void {
    const place = message.reply === undefined ? undefined : placeOf(message.reply);
    if (place === undefined) {
      this.#takeStatus(message);
      return;
    }
    this.#left -= 1;
    this.#takenInPull += 1;
    this.#delivered += 1;
    if (place.delivery === this.#delivered)
      this.arrivals.push({ kind: 'stored', stored: toStored(message, this.#query.stream, place) });
    else this.#lose();
  }

  #takeStatus(message: Msg): void {
    const { headers } = message;
    const status = headers?.code ?? 0;
    if (headers === undefined || status === 100) {
      const last = Number(headers?.get('Nats-Last-Consumer') || this.#delivered);
      if (last === this.#delivered) this.arrivals.push({ kind: 'beat' });
      else this.#lose();
      return;
    }
    this.#left = 0;
    const { description } = headers;
    const why = endOf(status, description);
    this.#isNextTooLarge = why === 'bounds' && this.#takenInPull === 0;
    this.arrivals.push({ kind: 'end', why, description });
  }

  #lose(): void {
    this.arrivals.push({ kind: 'lost' });
    this.arrivals.end();
  }
}

function endOf(status: number, description: string): PullEnd {
  if (status === 404 || status === 408) return 'empty';
  return /maxbytes|batch completed/i.test(description) ? 'bounds' : 'gone';
}

interface Place {
  readonly seq: number;
  readonly delivery: number;
  readonly at: number;
}

/** `$JS.ACK.<stream>.<consumer>.<tries>.<seq>.<delivery>.<nanos>.<pending>`, in a domain with two tokens before. */
function placeOf(reply: string): Place | undefined {
  if (!reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const first = tokens.length >= 11 ? 4 : 2;
  const [seq, delivery, nanos] = [tokens[first + 3], tokens[first + 4], tokens[first + 5]];
  if (seq === undefined || delivery === undefined || nanos === undefined) return undefined;
  return { seq: Number(seq), delivery: Number(delivery), at: Number(nanos.slice(0, -6)) };
}

function toStored(message: Msg, stream: string, { seq, at }: Place): Stored {
  let headers: Headers | undefined;
  return {
    stream,
    seq,
    subject: message.subject,
    payload: message.data,
    get headers() {
      headers ??= decodeHeaders(message.headers);
      return headers;
    },
    at,
  };
}
