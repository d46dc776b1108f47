/**
 * Reads a socket line by line. Owns what has come and is not taken yet, and how much of that there may be: while a
 * line waits to be taken, nothing more is read, so that a peer that sends faster than it is answered is held back.
 *
 * Knows nothing of what the lines say.
 */
import type { Socket } from 'node:net';

/** `too-long`: the line has more bytes than allowed; nothing of it is kept, and nothing after it is read. */
export type Read =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'end' };

const LF = 0x0a;
const KEPT_BYTES = 16 * 1024;
const nothing = Buffer.alloc(0);

export class LineReader {
  readonly #socket: Socket;
  readonly #limit: number;
  /** Of it the first `#bytes` have come. */
  #line: Buffer = nothing;
  #bytes = 0;
  readonly #lines: string[] = [];
  /** Of them so many are taken: to shift each would move all the others, and one piece may hold thousands. */
  #taken = 0;
  #isTooLong = false;
  #isEnded = false;
  #dropping: Promise<void> | undefined;
  #wake = () => {};

  /** `limitBytes`: without the line break. The socket is this reader's from here on. */
  constructor(socket: Socket, limitBytes = Number.POSITIVE_INFINITY) {
    this.#socket = socket;
    this.#limit = limitBytes;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
    socket.pause();
  }

  /** The next line; `end` when the peer has sent its last, or is gone. One caller at a time. */
  async next(): Promise<Read> {
    for (;;) {
      const text = this.#lines[this.#taken];
      if (text !== undefined) {
        this.#lines[this.#taken] = '';
        this.#taken += 1;
        return { kind: 'line', text };
      }
      this.#clear();
      if (this.#isTooLong) return { kind: 'too-long' };
      if (this.#isEnded) return { kind: 'end' };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
    }
  }

  /** Reads on and keeps nothing, from here on; resolves when the peer has sent its last, or is gone. */
  drop(): Promise<void> {
    this.#dropping ??= this.#drop();
    return this.#dropping;
  }

  async #drop(): Promise<void> {
    this.#isTooLong = true;
    this.#forget();
    this.#clear();
    this.#socket.resume();
    while (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(chunk: Buffer): void {
    if (this.#isTooLong) return;
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      this.#add(chunk.subarray(from, at));
      if (this.#isTooLong) break;
      this.#finish();
      from = at + 1;
    }
    this.#add(chunk.subarray(from));
    if (this.#lines.length === this.#taken && !this.#isTooLong) return;
    this.#socket.pause();
    this.#wake();
  }

  /** Copied: a peer that sends single bytes would have each of them kept in a buffer of its own. */
  #add(part: Buffer): void {
    if (this.#isTooLong || part.length === 0) return;
    const bytes = this.#bytes + part.length;
    if (bytes > this.#limit) {
      this.#isTooLong = true;
      this.#forget();
      return;
    }
    if (bytes > this.#line.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#line.length));
      this.#line.copy(more, 0, 0, this.#bytes);
      this.#line = more;
    }
    part.copy(this.#line, this.#bytes);
    this.#bytes = bytes;
  }

  #clear(): void {
    this.#lines.length = 0;
    this.#taken = 0;
  }

  #finish(): void {
    this.#lines.push(this.#line.toString('utf8', 0, this.#bytes));
    // Room of the usual size stays for the next line.
    if (this.#line.length > KEPT_BYTES) this.#forget();
    this.#bytes = 0;
  }

  #forget(): void {
    this.#line = nothing;
    this.#bytes = 0;
  }

  #end(): void {
    if (this.#isEnded) return;
    // The last line may lack its break.
    if (this.#bytes > 0) this.#finish();
    this.#isEnded = true;
    this.#wake();
  }
}
