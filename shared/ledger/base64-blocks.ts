/**
 * Finds blocks of base64 that nothing names: the middle of a private key whose marks were both cut off, say. Also ones
 * that are escaped within a string, quoted, numbered or part of a diff. Pure; looks at each character a bounded number
 * of times.
 *
 * A block that is no secret (a certificate, an image) goes as well.
 */
import type { Span } from './private-keys.ts';

/** Keys have lines of 64 characters, of 70 or 76; a hash is one line and stays. */
const LINE = 60;
const LINES = 3;

interface Line extends Span {
  /** Nothing but the base64 stands on it. */
  readonly isBare: boolean;
}

interface Block {
  readonly start: number;
  end: number;
  lines: number;
}

/** The spans of the blocks, in order, from the first line's first character of base64 to the last line's last. */
export function base64BlockSpans(text: string): Span[] {
  const blocks: Block[] = [];
  let block: Block | undefined;
  const close = (): void => {
    if (block !== undefined && block.lines >= LINES && isMixed(text.slice(block.start, block.end)))
      blocks.push(block);
    block = undefined;
  };
  let before: Line | undefined;
  // Backslashes end a line, too: those of an escaped line feed.
  for (const { 0: piece, index } of text.matchAll(/[^\n\r\\]+/g)) {
    const line = lineOf(piece, index);
    if (line === undefined) continue;
    if (line.end - line.start >= LINE) {
      // What is left of a line whose beginning was cut off.
      const cut: Line | undefined = block === undefined && before?.isBare === true ? before : undefined;
      block ??= { start: cut?.start ?? line.start, end: line.end, lines: 0 };
      block.end = line.end;
      block.lines += 1;
    } else {
      if (block !== undefined && line.isBare && isRest(text.slice(line.start, line.end)))
        block.end = line.end;
      close();
    }
    before = index === 0 && piece.startsWith('…') ? line : undefined;
  }
  close();
  return blocks;
}

/** The base64 at the end of the line; undefined when the line is blank or half of an escaped line break. */
function lineOf(piece: string, index: number): Line | undefined {
  let end = piece.length;
  while (end > 0 && trailing.has(piece.charAt(end - 1))) end -= 1;
  if (end === 0 || (end === 1 && /^[nr]/.test(piece))) return undefined;
  const last = end;
  while (piece.charAt(end) === '=') end += 1;
  let start = last;
  while (start > 0 && isBase64(piece.charCodeAt(start - 1))) start -= 1;
  return {
    start: index + start,
    end: index + end,
    isBare: start < last && noise.test(piece.slice(0, start)),
  };
}

/** What may stand behind base64 on its line: padding, blanks, the end of a string and of a list. */
const trailing = new Set(' \t=,;"\'`…)]}');
/** And before it: indentation, quotes, the mark of a diff, a line's number. */
const noise = /^[\s|>"',:→…0-9-]{0,40}$/;

function isBase64(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2f;
}

/** Whether a short line may be a block's last one: no word. */
const isRest = (line: string): boolean => line.endsWith('=') || (line.length % 4 === 0 && isMixed(line));

/** Hashes in hexadecimal have letters of one case, rulers and fillers no digits. */
const isMixed = (text: string): boolean => /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
