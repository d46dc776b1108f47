/**
 * The last output of a run, for reports: bounded in lines and bytes, always whole code points, however much
 * is written. Taking bytes in costs a copy of at most the ring; lines are made only when somebody asks.
 */

/** Raw bytes kept; more than is shown, so that one long line doesn't push out the lines before it. */
const RING_BYTES = 32 * 1024;
/** A longer line is cut. */
const LINE_BYTES = 1_000;
const ELLIPSIS = '…';

export interface TailLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** What a report may carry. */
export const REPORT_TAIL: TailLimits = { lines: 60, bytes: 8_192 };

export class OutputTail {
  readonly #limits: TailLimits;
  /** Twice the ring, so that bytes are moved only once per ring's worth of output. */
  readonly #held = Buffer.alloc(2 * RING_BYTES);
  #length = 0;
  #dropped = false;
  /** Per stream, the first bytes of a code point whose rest has not come: the streams are interleaved. */
  readonly #carry = new Map<string, Uint8Array>();

  constructor(limits: TailLimits = REPORT_TAIL) {
    this.#limits = limits;
  }

  push(stream: string, bytes: Uint8Array): void {
    const carried = this.#carry.get(stream);
    const whole = carried === undefined ? bytes : Buffer.concat([carried, bytes]);
    const cut = whole.length - unfinishedBytes(whole);
    if (cut < whole.length) this.#carry.set(stream, Uint8Array.from(whole.subarray(cut)));
    else this.#carry.delete(stream);
    this.#append(whole.subarray(0, cut));
  }

  /** The last lines, joined by line feeds, without one at the end. */
  text(): string {
    let held: Uint8Array = this.#held.subarray(0, this.#length);
    if (this.#dropped) held = held.subarray(this.#length - RING_BYTES);
    let start = 0;
    while (this.#dropped && start < held.length && isContinuation(held[start])) start++;
    const text = Buffer.from(held.subarray(start)).toString('utf8');
    const lines = withoutLastBreaks(text).split(/\r\n|\n|\r/);
    if (this.#dropped) lines[0] = ELLIPSIS + (lines[0] ?? '');
    const kept: string[] = [];
    let left = this.#limits.bytes;
    for (const line of lines.slice(-this.#limits.lines).reverse()) {
      const shown = cutToBytes(line, LINE_BYTES);
      left -= Buffer.byteLength(shown) + (kept.length > 0 ? 1 : 0);
      if (left < 0) break;
      kept.push(shown);
    }
    return kept.reverse().join('\n');
  }

  /** The last line that isn't blank; empty when there is none. */
  lastLine(): string {
    return (
      this.text()
        .split('\n')
        .findLast((line) => line.trim() !== '')
        ?.trim() ?? ''
    );
  }

  #append(bytes: Uint8Array): void {
    const added = bytes.length > RING_BYTES ? bytes.subarray(bytes.length - RING_BYTES) : bytes;
    if (added.length < bytes.length) this.#dropped = true;
    if (this.#length + added.length > this.#held.length) {
      this.#held.copyWithin(0, this.#length - RING_BYTES, this.#length);
      this.#length = RING_BYTES;
    }
    this.#held.set(added, this.#length);
    this.#length += added.length;
    if (this.#length > RING_BYTES) this.#dropped = true;
  }
}

/** By steps from the end: a pattern would look at each run of breaks in the text, over and over. */
function withoutLastBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
  return text.slice(0, end);
}

/** `text` as it is, or its first code points and an ellipsis, within that many bytes of UTF-8. */
export function cutToBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  let end = bytes - Buffer.byteLength(ELLIPSIS);
  while (end > 0 && isContinuation(encoded[end])) end--;
  return encoded.subarray(0, end).toString('utf8') + ELLIPSIS;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes at the end begin a code point that is not complete. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? back : 0;
  }
  return 0;
}
