/**
 * Requests: everything that awaits one answer, over one inbox subscription. The client's own request knows no
 * abort, keeps its timer after one, and lets a caller wait out the timeout when the connection is lost.
 *
 * 1. A request settles once: with the first answer, or with a coded error; its timer and listener go with it.
 * 2. A lost connection fails what waits at once with `bus-closed`: the answer may have been lost with it, and
 *    what was asked may have happened.
 */
import type { Msg, MsgHdrs } from 'nats';
import { WaggleError } from '../../errors.ts';
import type { RandomId } from '../../random.ts';
import type { Payload } from '../port.ts';
import type { Link, Violation } from './link.ts';
import { checkSize } from './message.ts';

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly againAfterMs?: number | undefined;
}

interface Waiting {
  readonly subject: string;
  resolve(message: Msg): void;
  reject(error: unknown): void;
}

export class Requests {
  readonly #link: Link;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  #forbidden: WaggleError | undefined;
  #count = 0;

  constructor(link: Link, inboxPrefix: string, randomId: RandomId) {
    this.#link = link;
    this.#inbox = `${inboxPrefix}.${randomId()}`;
    link.client.subscribe(`${this.#inbox}.*`, { callback: (_, message) => this.#answer(message) });
    link.onStatus((status) => {
      if (status === 'disconnected' || status === 'closed') this.failAll();
    });
    link.onViolation((violation) => this.#violate(violation));
  }

  /** The first answer. Errors: `bus-timeout`, `no-responder`, `bus-closed`, `bus-forbidden`, `message-too-large`. */
  send(subject: string, payload: Payload, options: RequestOptions): Promise<Msg> {
    const { timeoutMs, signal, againAfterMs } = options;
    // The JetStream library always gives some; without an entry they would still count against the size limit.
    const headers = options.headers?.keys().length === 0 ? undefined : options.headers;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#forbidden !== undefined) throw this.#forbidden;
      checkSize(payload, headers, this.#link.server.maxPayloadBytes);
      this.#count += 1;
      const token = this.#count.toString(36);
      const reply = `${this.#inbox}.${token}`;
      if (!this.#link.send(subject, payload, { reply, headers })) throw this.#link.closedError(false);
      let again: NodeJS.Timeout | undefined;
      const askAgain = (afterMs: number, nextMs: number): void => {
        again = setTimeout(() => {
          // Where the connection is down what waits has failed already.
          this.#link.send(subject, payload, { reply, headers });
          askAgain(nextMs, nextMs);
        }, afterMs);
      };
      if (againAfterMs !== undefined) askAgain(againAfterMs, 2 * againAfterMs);
      const settle = (): void => {
        clearTimeout(timer);
        clearTimeout(again);
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(token);
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error);
      };
      const abort = (): void => fail(signal?.reason);
      const timeout = (): void => fail(new WaggleError('bus-timeout', { what: subject, timeoutMs }));
      const timer = setTimeout(timeout, timeoutMs);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.set(token, {
        subject,
        resolve: (message) => {
          settle();
          resolve(message);
        },
        reject: fail,
      });
    });
  }

  /** Ends all that wait with `bus-closed`. */
  failAll(): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#link.closedError(true));
  }

  #answer(message: Msg): void {
    // The client calls back with an error and no message when the inbox itself is refused: see #violate.
    if (message.subject === undefined) return;
    const waiting = this.#waiting.get(message.subject.slice(this.#inbox.length + 1));
    if (waiting === undefined) return;
    if (message.data.length === 0 && message.headers?.code === 503)
      waiting.reject(new WaggleError('no-responder', { subject: waiting.subject }));
    else waiting.resolve(message);
  }

  #violate({ operation, subject }: Violation): void {
    if (operation === 'publish') {
      const error = new WaggleError('bus-forbidden', { operation: 'publish to', subject });
      for (const waiting of [...this.#waiting.values()])
        if (waiting.subject === subject) waiting.reject(error);
    } else if (subject === `${this.#inbox}.*`) {
      this.#forbidden = new WaggleError('bus-forbidden', { operation: 'subscribe to', subject });
      for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#forbidden);
    }
  }
}
