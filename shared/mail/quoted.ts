/**
 * Mail as text that stands before an agent: every line of it is marked as the sender's words, so that nothing in it
 * can pass for a word of the operator, for the end of the quotation or for a heading. Pure.
 *
 * 1. Each line of the result begins with `>`, whatever the text holds.
 * 2. No control character, bidirectional override or invisible tag character passes.
 */

const MARK = '> ';
const breaks = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
/** Tabs stay. The last range are invisible letters, which only programs read. */
const hidden =
  /[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** The text as quoted lines, without a line break at the end. */
export function quoted(text: string): string {
  return text
    .split(breaks)
    .map((line) => `${MARK}${line.replaceAll(hidden, '')}`.trimEnd())
    .join('\n');
}

/** Bytes of the text in UTF-8. */
export const bytesOf = (text: string): number => Buffer.byteLength(text);

/** The longest beginning of the text that has at most so many bytes in UTF-8 and splits no character. */
export function clipped(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = Math.max(0, Math.floor(maxBytes));
  // A byte 10xxxxxx goes on with a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}
