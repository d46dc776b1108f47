/**
 * Writes lines to a socket no faster than they are taken: a line is handed over in pieces, and the next piece only
 * when the peer has room. So what waits in memory for one peer is a line and a piece, however slow it is.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** The peer is gone. */
export class PeerGone extends Error {}
/** The peer has taken nothing for too long. */
export class PeerStalled extends Error {}

const PIECE_BYTES = 64 * 1024;

export interface LineWriterOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  /** How long the peer may take nothing. */
  readonly stallMs: number;
}

export class LineWriter {
  readonly #socket: Socket;
  readonly #options: LineWriterOptions;

  constructor(socket: Socket, options: LineWriterOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** Resolves when there is room for more. One line at a time. Errors: `PeerGone`, `PeerStalled`. */
  async write(line: object): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      if (!this.#socket.writable) throw new PeerGone();
      if (this.#socket.write(bytes.subarray(from, from + PIECE_BYTES))) continue;
      await this.#room();
    }
  }

  /** Waits for room; what cannot be handed over within `stallMs` is not waited for any more. */
  async #room(): Promise<void> {
    const socket = this.#socket;
    const done = new AbortController();
    let onDrain = () => {};
    let onClose = () => {};
    const outcome = new Promise<'room' | 'gone'>((resolve) => {
      onDrain = () => resolve('room');
      onClose = () => resolve('gone');
      socket.once('drain', onDrain);
      socket.once('close', onClose);
      if (socket.destroyed) resolve('gone');
    });
    const stalled = this.#options.clock.sleep(this.#options.stallMs, done.signal).then(
      () => 'stalled' as const,
      () => outcome,
    );
    try {
      const what = await Promise.race([outcome, stalled]);
      if (what === 'gone') throw new PeerGone();
      if (what === 'stalled') throw new PeerStalled();
    } finally {
      done.abort();
      socket.off('drain', onDrain);
      socket.off('close', onClose);
    }
  }
}
