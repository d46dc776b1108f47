/**
 * Connects to a NATS server and gives the port's `Bus`. Owns the client's settings and the order of closing.
 *
 * 1. Once connected it reconnects for ever, also through refused credentials (a server that starts under load
 *    says "authentication timeout"): only `close` ends it.
 * 2. Close is bounded: subscriptions and reads end, what waits fails with `bus-closed`, what is buffered is sent
 *    if the server takes it in time.
 */
import { connect, type NatsConnection } from 'nats';
import type { Clock } from '../../clock.ts';
import { messageOf, WaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { randomId } from '../../random.ts';
import type { Bus, Headers, Payload, Subscription } from '../port.ts';
import { append } from './append.ts';
import { lazyStreams } from './lazy-streams.ts';
import { Link } from './link.ts';
import { parseLocation } from './location.ts';
import { checkSize, encodeHeaders, toDelivery } from './message.ts';
import { Requests } from './requests.ts';
import { subscribe } from './subscription.ts';

export interface BusOptions {
  readonly account: 'core' | 'swarm';
  /** `nats://[user:password@]host:port`, any of which will do. */
  readonly urls: readonly string[];
  /** Win over those in a URL. */
  readonly user?: string;
  readonly password?: string;
  /** How the server's own tools name this connection. */
  readonly name: string;
  /** All reply subjects begin with it; permissions should allow `<inboxPrefix>.>` to this user alone. */
  readonly inboxPrefix: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Wait for a server instead of failing when none answers. Default: false. */
  readonly waitForServer?: boolean;
  /** Ends the waiting for a server. */
  readonly signal?: AbortSignal;
  /** For one attempt. Default: 5,000. */
  readonly connectTimeoutMs?: number;
  /** A connection that is silent for 2 to 3 of these counts as lost. Default: 5,000. */
  readonly pingIntervalMs?: number;
  /** Between attempts, with as much jitter again. Default: 100. */
  readonly reconnectWaitMs?: number;
  /** What a subscription holds unread before it drops. Default: 65,536 messages, 64 MiB. */
  readonly maxPendingMessages?: number;
  readonly maxPendingBytes?: number;
}

const CLOSE_TIMEOUT_MS = 1_000;
const WAIT_FOR_SERVER_MS = 200;

/** Errors: `bus-unreachable` unless `waitForServer`; the signal's reason. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const link = new Link(await dial(options), options.log);
  const { inboxPrefix, log, clock } = options;
  const requests = new Requests(link, inboxPrefix, randomId);
  const subscriptions = new Set<Subscription>();
  const limits = {
    maxMessages: options.maxPendingMessages ?? 65_536,
    maxBytes: options.maxPendingBytes ?? 64 * 1024 * 1024,
  };
  const streams = lazyStreams({ link, requests, inboxPrefix, randomId, log, clock });
  let closing: Promise<void> | undefined;

  const publish = (subject: string, payload: Payload, headers?: Headers): void => {
    const encoded = encodeHeaders(headers);
    checkSize(payload, encoded, link.server.maxPayloadBytes);
    link.send(subject, payload, { headers: encoded });
  };
  const closeAll = (): void => {
    for (const subscription of [...subscriptions]) subscription.close();
  };
  link.onStatus((status) => {
    if (status === 'closed') closeAll();
  });

  async function flush(): Promise<void> {
    if (!link.isConnected) throw link.closedError(false);
    try {
      await link.client.flush();
    } catch (error) {
      throw new WaggleError('bus-closed', { reason: 'disconnected', sent: true }, { cause: error });
    }
  }

  async function close(timeoutMs: number): Promise<void> {
    const isUp = link.isConnected;
    link.beginClosing();
    closeAll();
    requests.failAll();
    const deadline = clock.monotonic() + timeoutMs;
    const left = (): number => Math.max(1, deadline - clock.monotonic());
    if (isUp) await within(left(), link.client.flush(), 'flush');
    await within(left(), link.client.close(), 'close');
    link.finishClosing();
  }

  /** Waits for `work`, but not for longer; says in the log what did not end well. */
  async function within(ms: number, work: Promise<void>, what: string): Promise<void> {
    const { promise: late, cancel } = after(ms);
    try {
      if ((await Promise.race([work, late])) === 'late')
        log.warn({ what, ms }, 'the bus did not let go in time');
    } catch (error) {
      log.debug({ what, err: error }, 'the connection was lost while closing');
    } finally {
      cancel();
    }
  }

  return {
    account: options.account,
    server: () => link.server,
    isConnected: () => link.isConnected,
    onStatus: (listener) => link.onStatus(listener),
    publish,
    request: async (subject, payload, { headers, ...rest }) =>
      toDelivery(
        await requests.send(subject, payload, { ...rest, headers: encodeHeaders(headers) }),
        publish,
      ),
    subscribe: (subject, { queue } = {}) => {
      const subscription = subscribe(link, subject, {
        queue,
        limits,
        send: publish,
        onClose: (ended) => void subscriptions.delete(ended),
      });
      subscriptions.add(subscription);
      return subscription;
    },
    append: (subject, payload, appendOptions) => append(requests, subject, payload, appendOptions),
    streams,
    flush,
    close: (timeoutMs = CLOSE_TIMEOUT_MS) => (closing ??= close(timeoutMs)),
  };
}

async function dial(options: BusOptions): Promise<NatsConnection> {
  const { log, clock, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await dialOnce(options);
    } catch (error) {
      if (options.waitForServer !== true) throw error;
      if (attempt === 1) log.info({}, `waiting for the bus: ${messageOf(error)}`);
      await clock.sleep(WAIT_FOR_SERVER_MS, signal);
    }
  }
}

async function dialOnce(options: BusOptions): Promise<NatsConnection> {
  const { servers, credentials, isTls } = parseLocation(options.urls, options);
  const wait = options.reconnectWaitMs ?? 100;
  try {
    return await connect({
      servers: [...servers],
      ...credentials,
      ...(isTls ? { tls: {} } : {}),
      name: options.name,
      inboxPrefix: options.inboxPrefix,
      timeout: options.connectTimeoutMs ?? 5_000,
      pingInterval: options.pingIntervalMs ?? 5_000,
      reconnectTimeWait: wait,
      reconnectJitter: wait,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    });
  } catch (error) {
    throw new WaggleError(
      'bus-unreachable',
      { url: servers.join(', '), cause: messageOf(error) },
      { cause: error },
    );
  }
}

function after(ms: number): { promise: Promise<'late'>; cancel: () => void } {
  let cancel: () => void = () => undefined;
  const promise = new Promise<'late'>((resolve) => {
    const timer = setTimeout(() => resolve('late'), ms);
    cancel = () => clearTimeout(timer);
  });
  return { promise, cancel };
}
