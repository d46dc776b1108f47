/**
 * Cuts a stream of bytes into lines, in bounded memory: a line that is too long is skipped and counted. Pure.
 */

/** Longer lines are skipped. */
export const LONGEST_LINE_BYTES = 4 * 1024 * 1024;
const LINE_FEED = 10;

export class LineSplitter {
  readonly #longest: number;
  readonly #parts: Uint8Array[] = [];
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

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isSkipping) return;
    this.#held += bytes.length;
    if (this.#held > this.#longest) {
      this.#isSkipping = true;
      this.#parts.length = 0;
      return;
    }
    // A copy: whoever hands the bytes over may use them again.
    this.#parts.push(Uint8Array.from(bytes));
  }

  #take(): string | undefined {
    const line = this.#isSkipping ? undefined : Buffer.concat(this.#parts).toString('utf8');
    if (this.#isSkipping) this.#skipped += 1;
    this.#parts.length = 0;
    this.#held = 0;
    this.#isSkipping = false;
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
