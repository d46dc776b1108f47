/**
 * The socket of one run, through which its harness reaches mail and task, and nothing else of the bus. It lies with the
 * run's own files; where that path would be longer than systems take, in a private folder with a short name.
 *
 * A worker that is killed leaves its file behind: no other run looks there, and the next short folder takes the last
 * one's place.
 */
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Listener, listenAtPath, SOCKET_PATH_BYTES } from '../../shared/socket/listen.ts';
import { oneSeat, type Seat } from '../../shared/socket/seats.ts';
import { type SocketServerOptions, serveSocket } from '../../shared/socket/server.ts';

export interface RunSocketOptions
  extends Pick<SocketServerOptions, 'project' | 'clock' | 'randomId' | 'log'> {
  /** The worker's. */
  readonly stateDir: string;
  /** Folder of the run's own files, mode 0700. */
  readonly records: string;
  readonly seat: Seat;
}

export interface RunSocket {
  readonly path: string;
  /** Ends all connections and removes the file. */
  close(): Promise<void>;
}

const NAME = 'agent.sock';
const SHORT_PREFIX = 'waggle-';
/** Of one harness. Each may keep the worker holding a line of a megabyte. */
const MOST_CONNECTIONS = 128;
const LISTS_AT_ONCE = 4;

/** Errors: `not-ready`, the file system's. */
export async function openRunSocket(options: RunSocketOptions): Promise<RunSocket> {
  const { stateDir, records, seat } = options;
  const own = join(records, NAME);
  const short = Buffer.byteLength(own) > SOCKET_PATH_BYTES ? await shortFolder(stateDir) : undefined;
  const path = short === undefined ? own : join(short, NAME);
  const removeShort = async () => {
    if (short === undefined) return;
    await rm(short, { recursive: true, force: true });
    await rm(shortFolderFile(stateDir), { force: true });
  };
  let listener: Listener;
  try {
    listener = await listenAtPath(path, MOST_CONNECTIONS);
  } catch (error) {
    await removeShort();
    throw error;
  }
  const server = serveSocket({
    ...options,
    seats: oneSeat(seat),
    listsAtOnce: LISTS_AT_ONCE,
    listeners: [{ listener, needsProject: false }],
  });
  return {
    path,
    async close() {
      await server.close();
      // A harness may have put another file in its place.
      await rm(path, { recursive: true, force: true });
      await removeShort();
    },
  };
}

const shortFolderFile = (stateDir: string): string => join(stateDir, 'socket-folder');

/** A fresh folder (mode 0700) under the system's own for such; its name is kept, so that the next one removes it. */
async function shortFolder(stateDir: string): Promise<string> {
  const file = shortFolderFile(stateDir);
  const last = await readFile(file, 'utf8').catch(() => '');
  if (await isOurs(last)) await rm(last, { recursive: true, force: true });
  const made = await mkdtemp(join(tmpdir(), SHORT_PREFIX));
  // On some systems the folder for temporary files has a long path, too.
  const isShort = Buffer.byteLength(join(made, NAME)) <= SOCKET_PATH_BYTES;
  if (!isShort) await rm(made, { recursive: true, force: true });
  const folder = isShort ? made : await mkdtemp(join('/tmp', SHORT_PREFIX));
  try {
    await writeFile(file, folder, { mode: 0o600 });
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Whether it is such a folder of this user: what a file says is not removed unseen. */
async function isOurs(folder: string): Promise<boolean> {
  if (!basename(folder).startsWith(SHORT_PREFIX)) return false;
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
