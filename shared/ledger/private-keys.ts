/**
 * Finds blocks of private keys (PEM, OpenSSH, PGP), also one whose beginning or end was cut off, or that is
 * escaped within a string, quoted, numbered or part of a diff. Pure; looks at each character a bounded number
 * of times.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The longest body taken as a whole: an RSA key of 8,192 bits needs 6.4 KiB, PGP a little more. */
const LONGEST_BODY = 16 * 1024;
/** A line of a key's body; its last one may be shorter. */
const BODY_LINE = 40;

const marks = /-{4,5} ?(BEGIN|END) [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;
const gap = /(?:[\s|>"',…-]|\\+[nrt]|[0-9]{1,6}[\t|:→]){0,256}/y;
const header = /(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash):[^\n\\]{0,200}/y;
const run = /[A-Za-z0-9+/=]+/y;

/** The spans of all private keys, in order, marks included. */
export function privateKeySpans(text: string): Span[] {
  const spans: Span[] = [];
  let floor = 0;
  let open: Span | undefined;
  const add = (start: number, end: number) => {
    spans.push({ start, end });
    floor = end;
  };
  for (const found of text.matchAll(marks)) {
    const mark = { start: found.index, end: found.index + found[0].length };
    if (found[1] === 'BEGIN') {
      if (open !== undefined) add(open.start, bodyEnd(text, open.end, mark.start));
      open = mark;
    } else if (open !== undefined && mark.start - open.end <= LONGEST_BODY) {
      add(open.start, mark.end);
      open = undefined;
    } else {
      if (open !== undefined) add(open.start, bodyEnd(text, open.end, mark.start));
      open = undefined;
      add(bodyStart(text, floor, mark.start), mark.end);
    }
  }
  if (open !== undefined) add(open.start, bodyEnd(text, open.end, text.length));
  return spans;
}

/** Where the body ends whose end mark is missing: after its last line, or a shorter one behind it. */
function bodyEnd(text: string, from: number, limit: number): number {
  let end = from;
  for (let at = from; at < limit; ) {
    const next = after(gap, text, at);
    const behindHeader = after(header, text, next);
    if (behindHeader > next) {
      at = end = behindHeader;
      continue;
    }
    const behind = after(run, text, next);
    if (behind - next >= BODY_LINE) {
      at = end = behind;
      continue;
    }
    const isLine = behind > next && (behind === text.length || /[\r\n\\"'…]/.test(text.charAt(behind)));
    const isCut = after(gap, text, behind) === text.length;
    return isLine && (end > from || isCut) ? Math.min(behind, limit) : end;
  }
  return Math.min(end, limit);
}

/** Where the body begins whose begin mark is missing; `to` when there is none before the end mark. */
function bodyStart(text: string, floor: number, to: number): number {
  const from = Math.max(floor, to - LONGEST_BODY);
  const pieces = [...text.slice(from, to).matchAll(/[^\n\r\\]+/g)].reverse();
  let start = to;
  let isLast = true;
  let last: number | undefined;
  for (const piece of pieces) {
    const noise = after(gap, piece[0], 0);
    const line = piece[0].slice(noise).trimEnd();
    const at = from + piece.index + noise;
    if (line === '') continue;
    if (/^[A-Za-z0-9+/=]+["',…]{0,3}$/.test(line)) {
      if (line.length >= BODY_LINE || from + piece.index === 0) start = at;
      else if (isLast) last = at;
      else break;
    } else if (after(header, line, 0) === 0) break;
    isLast = false;
  }
  // The short last line of a body counts only with a body.
  return start === to && last !== undefined && text.slice(0, last).trim() === '' ? last : start;
}

/** Where the match of a sticky pattern at `at` ends; `at` when it does not match. */
function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
