/**
 * Serves the agent's socket on any number of listeners: the seed's JSON-lines mail protocol, and our verbs in the same
 * form. Owns its connections: when it is closed, they are.
 */
import type { Socket } from 'node:net';
import PQueue from 'p-queue';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { RandomId } from '../random.ts';
import { serveConnection } from './connection.ts';
import type { Listener } from './listen.ts';
import type { Seats } from './seats.ts';

/** Longest line of a request: a mail of 1 MiB, and room for what stands around it. */
export const LINE_BYTES = 1024 * 1024 + 64 * 1024;
const PING_MS = 15_000;
const STALL_MS = 60_000;
const LISTS_AT_ONCE = 16;

export interface SocketServerOptions {
  readonly project: string;
  readonly seats: Seats;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  /** From here on the server's. `needsProject`: requests must name the project (TCP). */
  readonly listeners: readonly { readonly listener: Listener; readonly needsProject: boolean }[];
  readonly pingMs?: number;
  readonly stallMs?: number;
  readonly lineBytes?: number;
  /** How many long answers are in memory at once. */
  readonly listsAtOnce?: number;
}

export interface SocketServer {
  /** Stops listening (which removes the socket's file), ends every connection and waits for them. */
  close(): Promise<void>;
}

export function serveSocket(options: SocketServerOptions): SocketServer {
  const { listeners, pingMs = PING_MS, stallMs = STALL_MS, lineBytes = LINE_BYTES } = options;
  const lists = new PQueue({ concurrency: options.listsAtOnce ?? LISTS_AT_ONCE });
  const open = new Map<AbortController, Promise<void>>();
  const serve = (socket: Socket, needsProject: boolean) => {
    const end = new AbortController();
    const one = { ...options, lists, needsProject, pingMs, stallMs, lineBytes };
    const done = serveConnection(socket, one, end.signal).finally(() => open.delete(end));
    open.set(end, done);
  };
  for (const { listener, needsProject } of listeners) {
    listener.accept((socket) => serve(socket, needsProject));
  }
  return {
    async close() {
      const closed = listeners.map(({ listener }) => listener.close());
      for (const end of open.keys()) end.abort();
      await Promise.all([...closed, ...open.values()]);
    },
  };
}
