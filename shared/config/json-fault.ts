/**
 * Why text isn't JSON, and where: the runtime's own words, whose place is told in different ways by
 * different versions of it.
 */
import { messageOf } from '../errors.ts';

/** `offset` counts characters from the start of the text. */
export interface JsonFault {
  readonly offset: number;
  readonly message: string;
}

/** What keeps `text` from being JSON; nothing when it is, or when it holds nothing at all. */
export function jsonFault(text: string): JsonFault | undefined {
  // A byte order mark is not JSON, but no fault that a person could see.
  const json = text.replace(/^\uFEFF/, ' ');
  if (json.trim() === '') return undefined;
  try {
    JSON.parse(json);
    return undefined;
  } catch (error) {
    const told = messageOf(error);
    const words = told.replace(/ (in JSON )?at position \d+[\s\S]*$/, '').replace(/, (\.\.\.)?"[\s\S]*$/, '');
    return { offset: offsetOf(told, json), message: `is not valid JSON: ${words}` };
  }
}

function offsetOf(told: string, json: string): number {
  // What ends too early is at fault where its last word stands, not in the empty lines behind.
  const end = json.trimEnd().length;
  if (/end of JSON/i.test(told)) return end;
  const position = /at position (\d+)/.exec(told)?.[1];
  if (position !== undefined) return Math.min(end, Number(position));
  // Otherwise the message quotes the text around the place, ten characters before it where there are so many.
  const [, cut, quoted] = /, (\.\.\.)?"([\s\S]*?)"(?:\.\.\.)? is not valid JSON$/.exec(told) ?? [];
  if (quoted === undefined) return 0;
  const start = Math.max(0, json.indexOf(quoted));
  if (cut !== undefined) return start + 10;
  const token = /Unexpected token '([\s\S]+?)'/.exec(told)?.[1];
  return token === undefined ? start : Math.max(start, json.indexOf(token, start));
}
