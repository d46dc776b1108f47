/**
 * The asking side of the agent's socket: one connection for requests, answered in order, and one for each watch. A
 * request that rejected may have been carried out, unless an answer said no.
 *
 * Light to load, because most of what a command over the socket costs is loading code: what a `send` that succeeds does
 * not need is loaded when it is needed.
 */
import { connect, type Socket } from 'node:net';
import type { SocketLine, SocketRequest } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import { LineReader } from '../socket/line-reader.ts';
import type { Watched, WatchQuery } from './desk.ts';

export interface SocketPlace {
  readonly path: string;
  /** Sent with each request; a socket of another project refuses. */
  readonly project?: string;
  /** Sent with each request; on a run's socket it can only be the run's own. */
  readonly agent?: string;
  /** Told what an answer says besides: urgent mail waits. */
  readonly onNotice?: (line: string) => void;
}

export type Ask = Omit<SocketRequest, 'req_id' | 'project_id' | 'agent'>;
export type Answer = Extract<SocketLine, { ok: true }>;

export interface SocketClient {
  /** Who the server says this is, and of which project. */
  readonly agent: string;
  readonly project: string;
  /** Errors: `socket-closed`, `bus-timeout`, and whatever the server says no with. */
  ask(request: Ask, signal?: AbortSignal): Promise<Answer>;
  watch(query: WatchQuery, signal: AbortSignal): AsyncGenerator<Watched>;
  close(): void;
}

/** Longer than the server waits for the bus. */
const ANSWER_MS = 60_000;

/** Connects. Errors: `socket-closed`; `project-mismatch` and `mail-invalid` where the place is another's. */
export async function openSocketClient(place: SocketPlace): Promise<SocketClient> {
  const channel = await Channel.open(place.path, place.onNotice);
  const whole = (request: Ask): SocketRequest => ({
    ...request,
    ...(place.project === undefined ? {} : { project_id: place.project }),
    ...(place.agent === undefined ? {} : { agent: place.agent }),
  });
  const ask: SocketClient['ask'] = (request, signal) => channel.ask(whole(request), signal);
  try {
    const { agent, project } = await whoIs(place, ask);
    return {
      agent,
      project,
      ask,
      async *watch(query, signal) {
        const { watchOver } = await import('./socket-watch.ts');
        const open = () => Channel.open(place.path);
        yield* watchOver(open, (args) => whole({ cmd: 'mail.watch', args }), query, signal);
      },
      close: () => channel.close(),
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** The server is asked only for what the place doesn't say: most commands end after one request. */
async function whoIs(
  { agent, project }: SocketPlace,
  ask: SocketClient['ask'],
): Promise<{ agent: string; project: string }> {
  if (agent !== undefined && project !== undefined) return { agent, project };
  const { result } = await ask({ cmd: 'whoami' });
  return result as { agent: string; project: string };
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** One connection. */
class Channel {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #reader: LineReader;
  readonly #waiting: Waiting[] = [];
  readonly #onNotice: SocketPlace['onNotice'];
  #notice: string | undefined;
  #number = 0;
  #fault: unknown;

  private constructor(path: string, socket: Socket, onNotice: SocketPlace['onNotice']) {
    this.#path = path;
    this.#onNotice = onNotice;
    this.#socket = socket;
    this.#reader = new LineReader(socket);
  }

  static open(path: string, onNotice?: SocketPlace['onNotice']): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        const how = `does not answer (${error.code ?? error.message})`;
        reject(new WaggleError('socket-closed', { path, how }, { cause: error }));
      });
      socket.once('connect', () => {
        // From here on its `close` tells of whatever happens.
        socket.on('error', () => {});
        resolve(new Channel(path, socket, onNotice));
      });
    });
  }

  /** The next line; undefined when the server has said its last. */
  async line(): Promise<SocketLine | undefined> {
    const read = await this.#reader.next();
    if (read.kind !== 'line') return undefined;
    try {
      return JSON.parse(read.text) as SocketLine;
    } catch {
      // Cut off in the middle.
      return undefined;
    }
  }

  say(request: SocketRequest): void {
    this.#socket.write(`${JSON.stringify(request)}\n`);
  }

  ask(request: SocketRequest, signal?: AbortSignal): Promise<Answer> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    this.#number += 1;
    const named = { ...request, req_id: String(this.#number) };
    return new Promise((resolve, reject) => {
      const onAbort = () => waiting.reject(signal?.reason);
      const timer = setTimeout(() => {
        const what = `the socket at ${this.#path}`;
        waiting.reject(new WaggleError('bus-timeout', { what, timeoutMs: ANSWER_MS }));
      }, ANSWER_MS);
      const over = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiting: Waiting = {
        resolve(answer) {
          over();
          resolve(answer);
        },
        reject(error) {
          over();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      // One that is given up keeps its place: its answer comes all the same.
      this.#waiting.push(waiting);
      this.say(named);
      if (this.#waiting.length === 1) void this.#listen();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Answers come in the order of the requests. */
  async #listen(): Promise<void> {
    while (this.#waiting.length > 0) {
      const line = await this.line();
      if (line === undefined || !('ok' in line)) {
        this.#fault = this.gone();
        for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#fault);
        return;
      }
      const waiting = this.#waiting.shift();
      if (line.ok) this.#heed(line.notice);
      if (line.ok) waiting?.resolve(line);
      else waiting?.reject((await import('../socket/refusal.ts')).errorOf(line));
    }
  }

  /** Says the same only once. */
  #heed(notice: string | undefined): void {
    if (notice !== undefined && notice !== this.#notice) this.#onNotice?.(notice);
    this.#notice = notice;
  }

  gone(): WaggleError {
    return new WaggleError('socket-closed', { path: this.#path, how: 'was closed' });
  }
}
