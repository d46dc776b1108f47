/**
 * The file of a standing socket: who finds one there either leaves it to the living, or takes a dead one's place.
 */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { WaggleError } from '../../../shared/errors.ts';

/** How long a socket may take to answer before it counts as dead: a stopped process still takes connections. */
const PROBE_MS = 1_000;

/** Removes the file of a socket that nobody serves. Errors: `not-ready` when somebody does, or when it is no socket. */
export async function clearDeadSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  const refuse = (cause: string) =>
    new WaggleError('not-ready', { what: `the mail bridge at ${path}`, cause });
  if (!found.isSocket()) throw refuse('a file that is no socket lies there');
  if (await isServed(path)) throw refuse('another one serves it; stop that, or give this one --socket PATH');
  const still = await lstat(path).catch(() => undefined);
  // Somebody else took the dead one's place meanwhile.
  if (still?.ino !== found.ino) throw refuse('another one starts there at this moment');
  await unlink(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const tell = (served: boolean) => {
      socket.destroy();
      resolve(served);
    };
    socket.setTimeout(PROBE_MS, () => tell(true));
    socket.once('connect', () => tell(true));
    socket.once('error', (error: NodeJS.ErrnoException) => tell(error.code !== 'ECONNREFUSED'));
  });
}
