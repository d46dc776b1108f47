/**
 * One simulated connection: whether it is up, what is on its way, and how it comes back. Knows nothing of requests and
 * subscriptions; they hear of its changes.
 *
 * 1. What is sent while it is down is dropped, and the sender told so.
 * 2. A cut holds back what is on its way, in both directions or in one, as a network does that loses packets: healed soon, it
 *    all comes late; after a while both sides give the connection up, since pings need both ways, and what was held is lost.
 * 3. It connects again for ever, until it is closed.
 */
import { WaggleError } from '../../errors.ts';
import type { BusStatus } from '../port.ts';
import type { Host } from './host.ts';
import type { AccountName, Message, Session, SimulatedServer } from './server.ts';

export interface LinkOptions {
  readonly server: SimulatedServer;
  readonly host: Host;
  readonly account: AccountName;
  /** How long a silent connection is believed in. Default: 10 s, as with pings every 5 s. */
  readonly silentMs?: number;
  /** Between two attempts to connect, with as much jitter again. Default: 100. */
  readonly reconnectWaitMs?: number;
}

/** Where nothing gets through: to the server, from it, or both. */
export type CutWay = 'up' | 'down' | 'both';

type State = 'connected' | 'disconnected' | 'closing' | 'closed';

const NOTICE_MS = 1;

export class Link {
  readonly host: Host;
  readonly #options: LinkOptions;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  #state: State = 'disconnected';
  #session: Session | undefined;
  readonly #cut = new Set<'up' | 'down'>();
  #held: (() => void)[] = [];
  /** Virtual times at which the last message in each direction arrives. */
  #upAt = 0;
  #downAt = 0;
  /** Called with each message to a subscription. */
  onMessage: (id: number, message: Message) => void = () => {};
  /** Called when a session begins: whatever the server must know of this client is told again. */
  onSession: (session: Session) => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
    this.host = options.host;
  }

  get server(): SimulatedServer {
    return this.#options.server;
  }

  get isConnected(): boolean {
    return this.#state === 'connected';
  }

  get isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  get isCut(): boolean {
    return this.#cut.size > 0;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(status: BusStatus): void {
    for (const listener of [...this.#listeners]) listener(status);
  }

  /** Brings `run` to the server, in order; false when the connection is down. */
  send(label: string, run: (session: Session) => void): boolean {
    const session = this.#session;
    if (session === undefined || (this.#state !== 'connected' && this.#state !== 'closing')) return false;
    const { timeline, faults } = this.server;
    this.#whole('up', () => {
      this.#upAt = Math.max(timeline.now + faults.latencyMs(), this.#upAt + ORDER_MS);
      timeline.plan(this.#upAt - timeline.now, `${label} ${this.host.name}`, () => {
        if (session.isAlive) run(session);
      });
    });
    return true;
  }

  closedError(sent: boolean): WaggleError {
    return new WaggleError('bus-closed', { reason: this.isClosed ? 'closed' : 'disconnected', sent });
  }

  /** Resolves once connected or when the signal aborts. Errors: `bus-closed` when it never will be. */
  async connected(signal: AbortSignal): Promise<void> {
    while (!this.isConnected && !signal.aborted) {
      if (this.isClosed) throw this.closedError(false);
      await new Promise<void>((resolve) => {
        const off = this.onStatus(() => done());
        const done = () => {
          off();
          signal.removeEventListener('abort', done);
          resolve();
        };
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  /** Tries to connect now, and if that fails again and again. */
  connect(): void {
    if (this.isClosed || this.#state === 'connected') return;
    const { server, account } = this.#options;
    if (!server.isUp || this.isCut) {
      this.#retry();
      return;
    }
    const session = this.#newSession(server.account(account));
    server.join(session);
    this.#session = session;
    this.#state = 'connected';
    this.onSession(session);
    this.tell('connected');
  }

  /** Nothing gets through that way any more; a second cut adds to the first. */
  cut(way: CutWay = 'both'): void {
    const wasCut = this.isCut;
    if (way !== 'down') this.#cut.add('up');
    if (way !== 'up') this.#cut.add('down');
    if (wasCut) return;
    const session = this.#session;
    if (session === undefined) return;
    const { silentMs = 10_000 } = this.#options;
    this.server.timeline.plan(silentMs, `silence ${this.host.name}`, () => {
      if (this.isCut && this.#session === session && session.isAlive) this.expire();
    });
  }

  /** The server gives a silent connection up; the client hears of it when it runs. */
  expire(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.server.drop(session);
    this.host.enter(() => this.#lose(session));
  }

  heal(): void {
    this.#cut.clear();
    for (const go of this.#held.splice(0)) go();
  }

  /** As when a process dies: the server notices at once, the client never. */
  abandon(): void {
    if (this.#session !== undefined) this.server.drop(this.#session);
    this.#held = [];
  }

  beginClosing(): void {
    if (this.#state !== 'closed') this.#state = 'closing';
  }

  finishClosing(): void {
    if (this.#state === 'closed') return;
    this.send('bye', (session) => this.server.drop(session));
    this.#state = 'closed';
    this.tell('closed');
    this.#listeners.clear();
  }

  #newSession(account: Session['account']): Session {
    const { timeline, faults } = this.server;
    const session: Session = {
      account,
      isAlive: true,
      send: (label, run, lateMs = 0) =>
        this.#whole('down', () => {
          const inOrderAt = Math.max(timeline.now + faults.latencyMs(), this.#downAt + ORDER_MS);
          if (lateMs === 0) this.#downAt = inOrderAt;
          timeline.plan(inOrderAt + lateMs - timeline.now, `${label} ${this.host.name}`, () => {
            if (session.isAlive) this.host.enter(run);
          });
        }),
      deliver: (id, message, lateMs) =>
        session.send(message.subject, () => this.onMessage(id, message), lateMs),
      lose: () => {
        timeline.plan(NOTICE_MS, `lost ${this.host.name}`, () => this.host.enter(() => this.#lose(session)));
      },
    };
    return session;
  }

  /** At once, or when the cut is healed. */
  #whole(way: 'up' | 'down', go: () => void): void {
    if (this.#cut.has(way)) this.#held.push(go);
    else go();
  }

  #lose(session: Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#held = [];
    if (this.isClosed || this.#state === 'disconnected') return;
    this.#state = 'disconnected';
    this.tell('disconnected');
    this.#retry();
  }

  #retry(): void {
    const { reconnectWaitMs = 100 } = this.#options;
    const wait = reconnectWaitMs * (1 + this.server.random.next());
    this.server.timeline.plan(wait, `connect ${this.host.name}`, () => this.host.enter(() => this.connect()));
  }
}

/** Two messages of one direction never arrive at the same moment. */
const ORDER_MS = 0.000_5;
