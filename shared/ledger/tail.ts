/**
 * The end of a run's output as a ledger keeps it: plain text, redacted, bounded in lines and in bytes. Pure.
 *
 * 1. What is cut has been redacted before, so no cut shows a part of a secret.
 * 2. Cuts fall between code points, and each says how much is missing.
 */
import { cutToBytes } from '../harness/output-tail.ts';
import { plainText } from './plain-text.ts';
import { redact } from './redact.ts';

/** At most so many lines of output, and so many bytes with everything; a longer line loses its middle. */
export interface LedgerTailLimits {
  readonly lines: number;
  /** 256 at least. */
  readonly bytes: number;
  /** 128 at least. */
  readonly lineBytes: number;
}

export const LEDGER_TAIL: LedgerTailLimits = { lines: 60, bytes: 16 * 1024, lineBytes: 2 * 1024 };

/** Room for the line that says what was left out, and its line feed. */
const NOTE_BYTES = 80;
/** Room for what stands in place of a line's middle, besides the ellipsis of `cutToBytes`. */
const MARK_BYTES = 40;

/**
 * The last lines of `output`, joined by line feeds, without blank lines around them; empty when there is
 * nothing but those. When lines were left out, one line more says so, before the others.
 */
export function ledgerTail(output: string, limits: LedgerTailLimits = LEDGER_TAIL): string {
  const text = redact(plainText(output))
    .trimEnd()
    .replace(/^(?:[ \t]*\n)+/, '');
  const lines = text.split('\n');
  const lineBytes = Math.min(limits.lineBytes, limits.bytes - NOTE_BYTES);
  const last = lines.slice(-limits.lines).map((line) => withoutMiddle(line, lineBytes));
  const isWhole = last.length === lines.length && sizeOf(last) <= limits.bytes;
  if (isWhole) return last.join('\n');
  const kept = lastWithin(last, limits.bytes - NOTE_BYTES);
  return [noteOn(lines.slice(0, lines.length - kept.length)), ...kept].join('\n');
}

/** The last lines that fit into `bytes`, with their line feeds. */
function lastWithin(lines: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  let from = lines.length;
  for (const line of lines.toReversed()) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) break;
    from -= 1;
  }
  return lines.slice(from);
}

function noteOn(dropped: readonly string[]): string {
  const lines = dropped.length === 1 ? '1 earlier line' : `${dropped.length} earlier lines`;
  return `[${lines} of output (${sizeOf(dropped)} bytes) left out]`;
}

/** `line` as it is, or its two ends within so many bytes, with how much is missing between them. */
function withoutMiddle(line: string, bytes: number): string {
  const encoded = Buffer.from(line);
  if (encoded.length <= bytes) return line;
  const half = Math.floor((bytes - MARK_BYTES) / 2);
  const head = cutToBytes(line, half);
  let start = encoded.length - half;
  while (((encoded[start] ?? 0) & 0xc0) === 0x80) start++;
  const missing = start - (Buffer.byteLength(head) - Buffer.byteLength('…'));
  return `${head}[${missing} bytes left out]…${encoded.subarray(start).toString('utf8')}`;
}

/** Bytes of the lines with the line feeds between them. */
const sizeOf = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) + Math.max(0, lines.length - 1);
