/**
 * What a simulated client awaits one answer to: requests and appends over an inbox, and questions to the server itself.
 *
 * 1. Each settles once: with the first answer, a timeout, the signal's reason, or the loss of the connection.
 */
import { WaggleError } from '../../errors.ts';
import type { Headers, Payload } from '../port.ts';
import type { Link } from './link.ts';
import type { Message, Session } from './server.ts';

/** The subscription of every client under which its answers come. */
export const INBOX_ID = 0;

interface Waiting {
  readonly subject: string;
  settle(answer: () => void): void;
  resolve(message: Message): void;
  reject(error: unknown): void;
}

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly againAfterMs?: number | undefined;
}

export class Requests {
  readonly #link: Link;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(link: Link, inbox: string) {
    this.#link = link;
    this.#inbox = inbox;
    link.onStatus((status) => {
      if (status === 'disconnected' || status === 'closed') this.failAll();
    });
  }

  get pattern(): string {
    return `${this.#inbox}.*`;
  }

  /** The first answer. Errors: `bus-timeout`, `no-responder`, `bus-closed`, the signal's reason. */
  send(subject: string, payload: Payload, headers: Headers, options: AskOptions): Promise<Message> {
    return this.#await<Message>(subject, options, (token) => {
      const message = { subject, payload, headers, replyTo: `${this.#inbox}.${token}` };
      return this.#link.send(subject, ({ account }) => this.#link.server.take(account, message));
    });
  }

  /** What the server itself says; `ask` is called there, and calls back at once or later. */
  ask<T>(
    what: string,
    options: AskOptions,
    ask: (session: Session, answer: (give: () => T) => void) => void,
  ): Promise<T> {
    let given: (() => T) | undefined;
    return this.#await<Message>(what, options, (token) =>
      this.#link.send(what, (session) =>
        ask(session, (give) => {
          for (const lateMs of this.#link.server.faults.deliver('$JS.API')) {
            const arrive = () => {
              given ??= give;
              this.#waiting.get(token)?.resolve(ANSWER);
            };
            session.send(`answer ${what}`, arrive, lateMs);
          }
        }),
      ),
    ).then(() => {
      if (given === undefined) throw new Error('an answer without content');
      return given();
    });
  }

  /** An answer came under the inbox. */
  take(message: Message): void {
    const waiting = this.#waiting.get(message.subject.slice(this.#inbox.length + 1));
    if (waiting === undefined) return;
    if (message.isNoResponder !== true) waiting.resolve(message);
    else waiting.reject(new WaggleError('no-responder', { subject: waiting.subject }));
  }

  failAll(): void {
    for (const waiting of [...this.#waiting.values()]) waiting.reject(this.#link.closedError(true));
  }

  #await<T extends Message>(
    subject: string,
    { timeoutMs, signal, againAfterMs }: AskOptions,
    send: (token: string) => boolean,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      this.#count += 1;
      const token = this.#count.toString(36);
      if (!send(token)) throw this.#link.closedError(false);
      const { server, host } = this.#link;
      const abort = () => waiting.reject(signal?.reason);
      const late = () => waiting.reject(new WaggleError('bus-timeout', { what: subject, timeoutMs }));
      let cancelAgain = () => {};
      const askAgain = (afterMs: number, nextMs: number): void => {
        const again = () => {
          if (!this.#waiting.has(token)) return;
          send(token);
          askAgain(nextMs, nextMs);
        };
        cancelAgain = server.timeline.plan(afterMs, `again ${host.name}`, () => host.enter(again));
      };
      if (againAfterMs !== undefined) askAgain(againAfterMs, 2 * againAfterMs);
      const cancel = server.timeline.plan(timeoutMs, `timeout ${host.name}`, () => host.enter(late));
      const waiting: Waiting = {
        subject,
        settle: (answer) => {
          if (!this.#waiting.delete(token)) return;
          cancel();
          cancelAgain();
          signal?.removeEventListener('abort', abort);
          answer();
        },
        resolve: (message) => waiting.settle(() => resolve(message as T)),
        reject: (error) => waiting.settle(() => reject(error)),
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.set(token, waiting);
    });
  }
}

const ANSWER: Message = { subject: '', payload: new Uint8Array(), headers: {} };
