/**
 * The start of a time window as people type it (REQUIREMENTS 1.1). Pure.
 */
import { WaggleError } from '../errors.ts';
import type { Since } from './desk.ts';
import { isMailId, mailSequence } from './message-id.ts';

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** No part of it can match the same digits in two ways: whoever sends a million of them must not keep us. */
const DURATION = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/g;
/** No time is longer; what is, is not looked at. */
const LONGEST = 200;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?)?$/;

/** As `readTime`, or the id of a mail: everything from that mail on. Errors: `usage`. */
export function readSince(text: string, now: number): Since {
  const seq = isMailId(text) ? mailSequence(text) : undefined;
  return seq === undefined ? { at: readTime(text, now) } : { seq };
}

/**
 * Milliseconds since the epoch: `now`, a duration back from now (`1h30m`, `3.5d`), an RFC 3339 time, or
 * `YYYY-MM-DD` and `YYYY-MM-DDTHH:MM:SS`, which are UTC. Errors: `usage`.
 */
export function readTime(text: string, now: number): number {
  const wanted = text.trim();
  if (wanted.length > LONGEST) throw noTime(text);
  if (wanted.toLowerCase() === 'now') return now;
  if (DURATION.test(wanted)) {
    let back = 0;
    for (const [, amount, unit = 's'] of wanted.matchAll(PART)) back += Number(amount) * (units[unit] ?? 0);
    // Before the epoch there is no mail: any longer duration is everything.
    return Math.max(0, Math.round(now - back));
  }
  const [, day, time = '00:00:00', zone = 'Z'] = TIME.exec(wanted) ?? [];
  const at = isDay(day) ? Date.parse(`${day}T${time}${zone.toUpperCase()}`) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw noTime(text);
}

function noTime(text: string): WaggleError {
  const got = JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
  const message = `--since: expected now, a duration such as 45m, 1h30m or 3.5d, a time such as 2026-03-01 or 2026-03-01T09:00:00Z, or the id of a message, got ${got}`;
  return new WaggleError('usage', { message });
}

/** Whether the calendar has that day: `Date` takes a 30th of February for the 2nd of March. */
function isDay(day: string | undefined): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(`${day}T`);
}
