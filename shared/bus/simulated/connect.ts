/**
 * Connects to a simulated server and gives the port's `Bus`. Owns what the client knows of its subscriptions, and the
 * order of closing.
 */
import { WaggleError } from '../../errors.ts';
import type { Bus, Headers, Payload } from '../port.ts';
import { append, appendHeaders } from './append.ts';
import type { Host } from './host.ts';
import { Link } from './link.ts';
import { INBOX_ID, Requests } from './requests.ts';
import type { AccountName, SimulatedServer } from './server.ts';
import { simulatedStreams } from './streams.ts';
import { type OpenSubscription, openSubscription, toDelivery } from './subscription.ts';

export interface SimulatedBusOptions {
  readonly server: SimulatedServer;
  readonly account: AccountName;
  readonly host: Host;
  /** Whether it has rights on streams. Default: true. */
  readonly mayManage?: boolean;
  readonly maxPendingMessages?: number;
  readonly silentMs?: number;
  readonly reconnectWaitMs?: number;
}

export interface SimulatedConnection {
  readonly bus: Bus;
  /** What a simulation does to the connection. */
  readonly link: Pick<Link, 'cut' | 'heal' | 'expire' | 'abandon' | 'isCut' | 'isConnected'>;
}

const MAX_PAYLOAD_BYTES = 1_048_576;
const MAX_PENDING = 65_536;
const FLUSH_MS = 5_000;

/** The connection; where the server is away it comes when that does. */
export function connectSimulated(options: SimulatedBusOptions): SimulatedConnection {
  const { server, account, mayManage = true } = options;
  const link = new Link(options);
  const requests = new Requests(link, `_INBOX.${server.random.id(10)}`);
  const subscriptions = new Map<
    number,
    { subject: string; queue: string | undefined; open: OpenSubscription }
  >();
  let count = INBOX_ID;
  let closing: Promise<void> | undefined;

  link.onSession = (session) => {
    server.subscribe(session, INBOX_ID, requests.pattern, undefined);
    for (const [id, { subject, queue }] of subscriptions) server.subscribe(session, id, subject, queue);
  };
  link.onMessage = (id, message) => {
    if (id === INBOX_ID) requests.take(message);
    else subscriptions.get(id)?.open.take(message);
  };

  const publish = (subject: string, payload: Payload, headers: Headers = {}): void => {
    checkSize(payload, headers);
    const message = { subject, payload, headers };
    link.send(subject, (session) => server.take(session.account, message));
  };

  const flush = async (): Promise<void> => {
    await requests.ask('flush', { timeoutMs: FLUSH_MS }, (_, answer: (give: () => void) => void) =>
      answer(() => undefined),
    );
  };

  /** What was published is on its way already, in order: the goodbye goes behind it. */
  async function close(): Promise<void> {
    link.beginClosing();
    for (const { open } of [...subscriptions.values()]) open.close();
    requests.failAll();
    link.finishClosing();
  }

  link.connect();
  const bus: Bus = {
    account,
    server: () => ({ version: '2.10.0', url: 'simulated', maxPayloadBytes: MAX_PAYLOAD_BYTES }),
    isConnected: () => link.isConnected,
    onStatus: (listener) => link.onStatus(listener),
    publish,
    async request(subject, payload, { headers = {}, ...rest }) {
      checkSize(payload, headers);
      const answer = await requests.send(subject, payload, headers, rest);
      return toDelivery(answer, publish);
    },
    subscribe(subject, { queue } = {}) {
      if (link.isClosed) throw link.closedError(false);
      count += 1;
      const id = count;
      const isForbidden = !mayManage && subject.startsWith('$JS.');
      const open = openSubscription({
        subject,
        maxPending: options.maxPendingMessages ?? MAX_PENDING,
        isForbidden,
        respond: publish,
        onSlow: () => link.tell('slow-consumer'),
        onClose: () => {
          if (subscriptions.delete(id))
            link.send('unsubscribe', (session) => server.unsubscribe(session, id));
        },
      });
      if (isForbidden) return open;
      subscriptions.set(id, { subject, queue, open });
      link.send('subscribe', (session) => server.subscribe(session, id, subject, queue));
      return open;
    },
    async append(subject, payload, appendOptions = {}) {
      checkSize(payload, appendHeaders(appendOptions));
      return await append(requests, subject, payload, appendOptions);
    },
    streams: simulatedStreams({ link, requests, mayManage }),
    flush,
    close: () => (closing ??= close()),
  };
  return { bus, link };
}

/** As a server counts what it is sent. Throws `message-too-large`. */
function checkSize(payload: Payload, headers: Headers): void {
  const entries = Object.entries(headers);
  let bytes = payload.length + (entries.length === 0 ? 0 : 'NATS/1.0\r\n'.length + 2);
  for (const [name, value] of entries) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  if (bytes > MAX_PAYLOAD_BYTES)
    throw new WaggleError('message-too-large', { bytes, limit: MAX_PAYLOAD_BYTES });
}
