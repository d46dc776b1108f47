/**
 * Listening: a Unix socket that only this user may open, and TCP on the loopback. Connections that come before somebody
 * takes them wait.
 */
import { createServer, type ListenOptions, type Socket } from 'node:net';
import { WaggleError } from '../errors.ts';

/** Longest path of a Unix socket, in bytes, that every system takes (macOS has 104 with the end mark). */
export const SOCKET_PATH_BYTES = 100;
/** More connections at once are closed as they come. */
const MOST_CONNECTIONS = 512;

export interface Listener {
  /** Gives every connection to `take`, paused; once. */
  accept(take: (socket: Socket) => void): void;
  /** Takes no more connections; a Unix socket's file goes. Those that were taken go on. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Listens on the path, mode 0600 from its making on.
 * Errors: `not-ready`.
 */
export async function listenAtPath(path: string, mostConnections = MOST_CONNECTIONS): Promise<Listener> {
  const what = `the socket ${path}`;
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) {
    throw new WaggleError('not-ready', { what, cause: `its path has more than ${SOCKET_PATH_BYTES} bytes` });
  }
  return await listen({ path }, what, mostConnections);
}

/** Errors: `not-ready`. */
export const listenAtPort = (host: string, port: number): Promise<Listener> =>
  listen({ host, port }, `port ${port} of ${host}`, MOST_CONNECTIONS);

async function listen(options: ListenOptions, what: string, mostConnections: number): Promise<Listener> {
  // A peer that has sent its last may still wait for the answer. Nothing is read before somebody asks for it.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.maxConnections = mostConnections;
  const early: Socket[] = [];
  let taker = (socket: Socket): void => {
    early.push(socket);
  };
  server.on('connection', (socket: Socket) => taker(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const cause = error.code === 'EADDRINUSE' ? 'something listens there already' : error.message;
      reject(new WaggleError('not-ready', { what, cause }, { cause: error }));
    });
    // The socket is bound within the call, so that nothing else is made under this mask.
    const usual = process.umask(0o177);
    try {
      server.listen(options, resolve);
    } finally {
      process.umask(usual);
    }
  });
  // A connection that could not be taken (no file descriptor left) is its peer's to try again.
  server.on('error', () => {});
  let closed: Promise<void> | undefined;
  return {
    accept(take) {
      taker = take;
      for (const socket of early.splice(0)) take(socket);
    },
    close() {
      // Its callback waits for all connections; that they end is their owner's business.
      closed ??= new Promise((resolve) => {
        server.close();
        for (const socket of early.splice(0)) socket.destroy();
        resolve();
      });
      return closed;
    },
  };
}
