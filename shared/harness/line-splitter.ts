/**
 * Cuts a stream of bytes into lines, in bounded memory: a line that is too long is skipped and counted. Pure.
 */

/** Longer lines are skipped. */
export const LONGEST_LINE_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 10;

/** Room that is kept for the next line. */
const KEPT_BYTES = 64 * 1024;
const nothing = Buffer.alloc(0);

export class LineSplitter {
  readonly #longest: number;
  /** Of it the first `#held` bytes have come. */
  #line: Buffer = nothing;
  #held = 0;
  #isSkipping = false;
  #skipped = 0;

  constructor(longest = LONGEST_LINE_BYTES) {
    this.#longest = longest;
  }

  /** Lines that were too long. */
  get skipped(): number {
    return this.#skipped;
  }

  /** The lines that end in these bytes, without their ends. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      this.#hold(bytes.subarray(from, at));
      const line = this.#take();
      if (line !== undefined) lines.push(line);
      from = at + 1;
    }
    this.#hold(bytes.subarray(from));
    return lines;
  }

  /** The last line, when nothing ends it. */
  end(): string[] {
    if (this.#held === 0 && !this.#isSkipping) return [];
    const line = this.#take();
    return line === undefined ? [] : [line];
  }

  /** Copied into one piece: whoever hands the bytes over may use them again, and may hand over single ones. */
  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isSkipping) return;
    const held = this.#held + bytes.length;
    if (held > this.#longest) {
      this.#isSkipping = true;
      this.#forget();
      return;
    }
    if (held > this.#line.length) {
      const more = Buffer.allocUnsafeSlow(Math.max(held, Math.min(this.#longest, 2 * this.#line.length)));
      this.#line.copy(more, 0, 0, this.#held);
      this.#line = more;
    }
    this.#line.set(bytes, this.#held);
    this.#held = held;
  }

  #take(): string | undefined {
    const line = this.#isSkipping ? undefined : this.#line.toString('utf8', 0, this.#held);
    if (this.#isSkipping) this.#skipped += 1;
    this.#forget();
    this.#isSkipping = false;
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #forget(): void {
    this.#held = 0;
    if (this.#line.length > KEPT_BYTES) this.#line = nothing;
  }
}
