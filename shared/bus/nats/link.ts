/**
 * Link: one connection of the client with the truth about whether it is up. Owns the client's status events;
 * knows nothing of requests, streams or subscriptions.
 *
 * 1. Nothing is handed to the client while disconnected: it keeps what comes during a dial attempt and drops
 *    the rest, so a caller could not tell which.
 * 2. Listeners hear each change once, though the client reports one per failed dial.
 * 3. `closed` is for good; it is the last status.
 */
import { errors, type MsgHdrs, type NatsConnection, type Status } from 'nats';
import { messageOf, WaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { BusStatus, Payload, ServerInfo } from '../port.ts';

type State = 'connected' | 'disconnected' | 'closing' | 'closed';

export interface Violation {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
}

export class Link {
  readonly client: NatsConnection;
  readonly #log: Log;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  readonly #violationListeners = new Set<(violation: Violation) => void>();
  readonly #watching: Promise<void>;
  #state: State = 'connected';
  #server: ServerInfo;

  constructor(client: NatsConnection, log: Log) {
    this.client = client;
    this.#log = log;
    this.#server = { version: 'unknown', url: '', maxPayloadBytes: 1_048_576 };
    this.#refreshServer();
    this.#watching = this.#watch();
  }

  /** As of the last connection. */
  get server(): ServerInfo {
    return this.#server;
  }

  get isConnected(): boolean {
    return this.#state === 'connected';
  }

  /** Whether it ended, or is being ended, for good. */
  get isClosed(): boolean {
    return this.#state === 'closed' || this.#state === 'closing';
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The server's refusals of publishes and subscriptions for lack of rights. */
  onViolation(listener: (violation: Violation) => void): void {
    this.#violationListeners.add(listener);
  }

  /** Hands a message to the client; false when it was dropped because the connection is down. */
  send(
    subject: string,
    payload: Payload,
    options: { reply?: string; headers?: MsgHdrs | undefined },
  ): boolean {
    if (!this.isConnected) return false;
    const { reply, headers } = options;
    this.client.publish(subject, payload, {
      ...(reply === undefined ? {} : { reply }),
      ...(headers === undefined ? {} : { headers }),
    });
    return true;
  }

  /** `bus-closed`; `sent` says whether the server may have got what failed. */
  closedError(sent: boolean): WaggleError {
    return new WaggleError('bus-closed', { reason: this.isClosed ? 'closed' : 'disconnected', sent });
  }

  /** Resolves once connected or when the signal aborts; throws `bus-closed` when it never will be. */
  async connected(signal: AbortSignal): Promise<void> {
    if (this.isConnected || signal.aborted) return;
    if (this.isClosed) throw this.closedError(false);
    const { promise, resolve, reject } = settled();
    const off = this.onStatus((status) => {
      if (status === 'connected') resolve();
      if (status === 'closed') reject(this.closedError(false));
    });
    signal.addEventListener('abort', resolve, { once: true });
    try {
      await promise;
    } finally {
      off();
      signal.removeEventListener('abort', resolve);
    }
  }

  /** Tells the listeners that a subscription had to drop messages. */
  reportSlowConsumer(subject: string): void {
    this.#log.warn({ subject }, 'slow consumer: messages were dropped');
    this.#tell('slow-consumer');
  }

  /** From now on everything is refused; the client still sends what it has. */
  beginClosing(): void {
    if (this.#state !== 'closed') this.#state = 'closing';
  }

  /** Tells the listeners and forgets them. */
  finishClosing(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#tell('closed');
    this.#listeners.clear();
  }

  /** Resolves when the client has ended and its last event was heard. */
  ended(): Promise<void> {
    return this.#watching;
  }

  async #watch(): Promise<void> {
    try {
      for await (const status of this.client.status()) this.#take(status);
      const cause = await this.client.closed();
      if (cause instanceof Error) this.#log.error({ err: cause }, 'the connection to the bus ended');
    } catch (error) {
      this.#log.error({ err: error }, 'the connection to the bus failed');
    }
    this.finishClosing();
  }

  #take(status: Status): void {
    switch (status.type) {
      case 'disconnect':
      case 'reconnect':
        this.#move(status.type === 'reconnect' ? 'connected' : 'disconnected');
        break;
      case 'error':
        this.#takeError(status.error);
        break;
      case 'staleConnection':
      case 'ldm':
        this.#log.warn({ status: status.type }, 'the bus is leaving or silent');
        break;
      default:
        this.#log.debug({ status: status.type }, 'bus status');
    }
  }

  #move(to: 'connected' | 'disconnected'): void {
    if (this.isClosed || this.#state === to) return;
    this.#state = to;
    if (to === 'connected') this.#refreshServer();
    this.#log.info({ url: this.#server.url }, to === 'connected' ? 'bus reconnected' : 'bus disconnected');
    this.#tell(to);
  }

  #takeError(error: Error): void {
    this.#log.warn({ err: error }, 'the bus reported an error');
    if (!(error instanceof errors.PermissionViolationError)) return;
    const { operation, subject } = error;
    for (const listener of this.#violationListeners) listener({ operation, subject });
  }

  #refreshServer(): void {
    const { info } = this.client;
    if (info === undefined) return;
    this.#server = {
      version: info.version,
      url: this.client.getServer(),
      maxPayloadBytes: info.max_payload,
    };
  }

  #tell(status: BusStatus): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        this.#log.error({ err: error, status }, `a status listener failed: ${messageOf(error)}`);
      }
    }
  }
}

function settled(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
