/**
 * A TCP proxy between one service and the bus, whose weather can be changed: connections are cut, what is said is late, or
 * bytes vanish while both sockets stay open. Knows nothing of what is said.
 *
 * 1. No byte overtakes another, and a connection that lost one never carries another: it ends with the fault, as TCP
 *    would end it. A hole in a stream is nothing that a network makes.
 * 2. While bytes vanish so does the news that one side has closed.
 * 3. What waits is bounded: past that the sender has to wait.
 */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export type Weather =
  | { readonly kind: 'clear' }
  | { readonly kind: 'delay'; readonly ms: number }
  | {
      readonly kind: 'half-open';
      /** To the bus, from the bus, or both. */
      readonly lost: 'up' | 'down' | 'both';
      /** Whether connections made meanwhile lose theirs, too. */
      readonly reach: 'standing' | 'all';
    };

const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const HOST = '127.0.0.1';

/** One direction of a connection: bytes in their order, each when it is due. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #isLost: () => boolean;
  readonly #delayMs: () => number;
  readonly #waiting: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  lostBytes = 0;

  constructor(from: Socket, to: Socket, isLost: () => boolean, delayMs: () => number) {
    this.#from = from;
    this.#to = to;
    this.#isLost = isLost;
    this.#delayMs = delayMs;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    to.on('drain', () => this.#go());
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #take(chunk: Buffer): void {
    if (this.lostBytes > 0 || this.#isLost()) {
      this.lostBytes += chunk.length;
      return;
    }
    this.#waiting.push({ chunk, dueAt: performance.now() + this.#delayMs() });
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_WAITING_BYTES) this.#from.pause();
    this.#go();
  }

  #go(): void {
    clearTimeout(this.#timer);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#to.writableNeedDrain || this.#to.destroyed) return;
      const waitMs = first.dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#go(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#bytes -= first.chunk.length;
      this.#to.write(first.chunk);
    }
    if (this.#from.isPaused()) this.#from.resume();
  }
}

interface Connection {
  readonly sockets: readonly [client: Socket, bus: Socket];
  readonly lanes: readonly [up: Lane, down: Lane];
  /** Made before the weather that is now. */
  isStanding: boolean;
}

export class BusProxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #weather: Weather = { kind: 'clear' };

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a port of its own, and connects to that port of the bus. */
  static async open(busPort: number): Promise<BusProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new BusProxy(server);
    server.on('connection', (client) =>
      proxy.#join(client, dial({ port: busPort, host: HOST, noDelay: true })),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  /** Bytes that are late. */
  get waitingBytes(): number {
    return this.#sum(({ waitingBytes }) => waitingBytes);
  }

  /** Bytes that vanished, of connections that still stand. */
  get lostBytes(): number {
    return this.#sum(({ lostBytes }) => lostBytes);
  }

  /** Changes the weather until the returned function is called, or the next change. */
  become(weather: Weather): () => void {
    this.#clear();
    this.#weather = weather;
    for (const connection of this.#connections) connection.isStanding = true;
    return () => {
      if (this.#weather === weather) this.#clear();
    };
  }

  /** Cuts all connections that stand; how many those were. */
  cut(): number {
    const cut = [...this.#connections];
    for (const connection of cut) this.#end(connection);
    return cut.length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #sum(of: (lane: Lane) => number): number {
    return [...this.#connections].flatMap(({ lanes }) => lanes).reduce((sum, lane) => sum + of(lane), 0);
  }

  #clear(): void {
    this.#weather = { kind: 'clear' };
    for (const connection of [...this.#connections]) {
      const isBroken =
        connection.lanes.some(({ lostBytes }) => lostBytes > 0) ||
        connection.sockets.some(({ closed }) => closed);
      if (isBroken) this.#end(connection);
    }
  }

  #join(client: Socket, bus: Socket): void {
    const isLost = (way: 'up' | 'down') => () => {
      const weather = this.#weather;
      if (weather.kind !== 'half-open' || (weather.lost !== way && weather.lost !== 'both')) return false;
      return weather.reach === 'all' || connection.isStanding;
    };
    const delayMs = () => (this.#weather.kind === 'delay' ? this.#weather.ms : 0);
    const connection: Connection = {
      sockets: [client, bus],
      lanes: [new Lane(client, bus, isLost('up'), delayMs), new Lane(bus, client, isLost('down'), delayMs)],
      isStanding: false,
    };
    this.#connections.add(connection);
    for (const [socket, way] of [
      [client, 'up'],
      [bus, 'down'],
    ] as const) {
      // Its close follows, and says all that is to be known.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (!isLost(way)() && !connection.lanes.some(({ lostBytes }) => lostBytes > 0)) this.#end(connection);
      });
    }
  }

  #end(connection: Connection): void {
    this.#connections.delete(connection);
    for (const lane of connection.lanes) lane.stop();
    for (const socket of connection.sockets) socket.resetAndDestroy();
  }
}
