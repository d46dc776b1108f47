/**
 * Watches the room under the server's store. A nats-server whose disk was full is not to be trusted when there is room
 * again: 2.9 is locked up for good then (it takes no SIGTERM either), 2.15 refuses the streams that could not be written
 * until it is started anew. So whoever keeps it is told when the room is back.
 */
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';

export interface FullStoreOptions {
  /** Bytes that can still be written. */
  readonly room: () => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
  /** There was no room for a message, and there is again. Must not throw. */
  readonly onRoom: () => void;
}

const LOOK_MS = 250;
/** The largest message, and what the server writes beside it. */
const FULL_BYTES = 2 * 1024 * 1024;
/** Well above, so that a disk at its limit does not restart the server again and again. */
const ROOMY_BYTES = 16 * 1024 * 1024;

/** Looks until the signal aborts. Never rejects. */
export async function watchStore(options: FullStoreOptions, signal: AbortSignal): Promise<void> {
  const { room, clock, log, onRoom } = options;
  let isFull = false;
  let isBlind = false;
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const bytes = await room();
      if (!isFull && bytes < FULL_BYTES) {
        isFull = true;
        log.error({ bytes }, 'the disk under the bus is full: nothing can be stored until there is room');
      } else if (isFull && bytes >= ROOMY_BYTES) {
        isFull = false;
        log.warn({ bytes }, 'there is room for the bus again: its server is started anew');
        onRoom();
      }
      isBlind = false;
    } catch (err) {
      if (!isBlind) log.warn({ err }, 'the room under the bus cannot be looked at');
      isBlind = true;
    }
  }
}

/** Bytes that this user can still write under `folder`. */
export async function roomUnder(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
