/**
 * Lines of JSON from programs that nobody controls: read without trust, never throwing. Pure.
 */
import { shownValue } from '../shown-value.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The object that the line is, if it is one. */
export function parseObject(line: string): Json | undefined {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

export const objectOf = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

/** The object under those keys; an empty one where there is none. */
export function inside(value: unknown, ...keys: readonly string[]): Json {
  let found: unknown = value;
  for (const key of keys) found = objectOf(found)?.[key];
  return objectOf(found) ?? {};
}

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** More of anything that is counted or paid for is no figure that anybody meant; sums of these stay whole numbers. */
const MOST = 1e12;

/** A count of tokens; what is none is 0. */
export const countOf = (value: unknown): number => Math.round(amountOf(value) ?? 0);

/** Tokens or money: not less than nothing, and of a size that sums can bear. */
export const amountOf = (value: unknown): number | undefined => {
  const number = numberOf(value);
  return number === undefined ? undefined : Math.min(MOST, Math.max(0, number));
};

const DETAIL_CHARS = 400;
/** What tells most of a call of a tool, first. */
const TELLING = ['command', 'cmd', 'file_path', 'filePath', 'path', 'pattern', 'query', 'url', 'description'];

/** What a tool was called with, in few words. */
export function detailOf(input: unknown): string | undefined {
  if (typeof input === 'string') return textOf(input.slice(0, DETAIL_CHARS));
  const fields = objectOf(input);
  if (fields === undefined) return undefined;
  for (const name of TELLING) {
    const value = fields[name];
    const text = Array.isArray(value) ? value.filter(isWord).join(' ') : textOf(value);
    if (text !== undefined) return text.slice(0, DETAIL_CHARS);
  }
  const all = shownValue(fields, DETAIL_CHARS);
  return all === '{}' ? undefined : all;
}

/** Anything else need not have a text at all. */
const isWord = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
