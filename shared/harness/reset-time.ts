/**
 * When a limit ends: out of headers, out of times as numbers, and out of the sentences that harnesses print. Pure; what
 * only makes sense beside a clock is given the time.
 */

/** Seconds, minutes and the like, in milliseconds. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(ms|milliseconds?)$/i, 1],
  [/^(s|secs?|seconds?)$/i, 1_000],
  [/^(m|mins?|minutes?)$/i, 60_000],
  [/^(h|hrs?|hours?)$/i, 3_600_000],
  [/^(d|days?)$/i, 86_400_000],
];

export interface Reset {
  readonly retryAfterMs?: number;
  /** Milliseconds since the epoch. */
  readonly resetsAt?: number;
}

/** A longer wait is no wait that anybody meant. */
const LONGEST_MS = 40 * 86_400_000;

/** No header says a time in more. What is longer is not looked at: patterns and dates would take long over it. */
const LONGEST_TEXT = 200;

/** No later time can be shown as a date. */
const LATEST = 8.64e15;

/** Milliseconds since the epoch, of a time that may be in seconds. */
export function epochMs(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{9,14}$/.test(value) ? Number(value) : value;
  if (typeof number === 'string') {
    if (number.length > LONGEST_TEXT) return undefined;
    const parsed = Date.parse(number);
    return Number.isNaN(parsed) ? undefined : parsed;
  }
  if (typeof number !== 'number' || !(number >= 1e9 && number <= LATEST)) return undefined;
  return Math.round(number < 1e11 ? number * 1_000 : number);
}

/** Of a `retry-after` header: seconds, or an HTTP date. */
export function retryAfter(value: unknown): Reset {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > LONGEST_TEXT) return {};
  if (/^\s*\d+(\.\d+)?\s*$/.test(text)) return waitOf(Number(text) * 1_000);
  // Nearly any text is a date to somebody.
  const resetsAt = /\d{4}.*\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(resetsAt) ? {} : { resetsAt };
}

/** Of response headers by lower-case name: `retry-after-ms`, `retry-after`, or the reset of a provider's own limit. */
export function resetOfHeaders(headers: Readonly<Record<string, unknown>>): Reset {
  const ms = headers['retry-after-ms'];
  if (typeof ms === 'string' && /^\d+(\.\d+)?$/.test(ms)) return waitOf(Number(ms));
  const after = retryAfter(headers['retry-after']);
  if (after.retryAfterMs !== undefined || after.resetsAt !== undefined) return after;
  const resetsAt = epochMs(headers['anthropic-ratelimit-unified-reset']);
  return resetsAt === undefined ? {} : { resetsAt };
}

/** Of a sentence: "try again in 1h 20m", "retry after 20 seconds", "limit reached|1700000000", "at Mar 3, 2026 3:05 PM". */
export function resetOfWords(text: string): Reset {
  const span =
    /\b(?:in|after|within|for)\s+((?:about\s+)?\d+(?:\.\d+)?\s*[a-z]+(?:(?:\s*,\s*|\s+and\s+|\s+|)\d+(?:\.\d+)?\s*[a-z]+)*)/gi;
  // Looked for once: a text may be long, and hold many spans.
  const isOfLimit = /\b(again|retry|reset|limit|wait|available)/i.test(text);
  for (const [, words = ''] of isOfLimit ? text.matchAll(span) : []) {
    const ms = spanMs(words);
    if (ms !== undefined) return waitOf(ms);
  }
  const epoch = /(?:\||\bresets?(?:_at)?\b\D{0,8})(\d{10}|\d{13})\b/i.exec(text)?.[1];
  const resetsAt = epoch === undefined ? dateIn(text) : epochMs(epoch);
  return resetsAt === undefined ? {} : { resetsAt };
}

/** Of a sentence with a time of day: "resets 3pm (Europe/Vienna)", "try again at 3:05 PM". The next such time. */
export function resetOfDayTime(text: string, now: number): number | undefined {
  const match =
    /\b(?:resets?|again|available|renews?)(?: at| by)?:? (\d{1,2})(?::(\d{2}))? ?([ap]\.?m\b\.?)?(?: ?\(([A-Za-z_]+(?:\/[A-Za-z_+-]+)*)\))?/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, hours = '', minutes, half, zone] = match;
  if (half === undefined && minutes === undefined) return undefined;
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (/^p/i.test(half) ? 12 : 0);
  const minute = Number(minutes ?? 0);
  if (hour > 23 || minute > 59) return undefined;
  const present = timeOfDay(now, zone);
  const wait = (hour * 60 + minute) * 60_000 - present;
  return now + (wait <= 0 ? wait + 86_400_000 : wait);
}

/** A wait of so long, where anybody can have meant that. */
export const waitOf = (ms: number): Reset =>
  Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_MS ? { retryAfterMs: Math.ceil(ms) } : {};

function spanMs(words: string): number | undefined {
  let total: number | undefined;
  for (const [, count = '', unit = ''] of words.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)) {
    const factor = UNITS.find(([name]) => name.test(unit))?.[1];
    if (factor === undefined) return total;
    total = (total ?? 0) + Number(count) * factor;
  }
  return total;
}

/** A date that is written out. */
function dateIn(text: string): number | undefined {
  const found =
    /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?/.exec(text)?.[0] ??
    /\b[A-Z][a-z]{2,8} \d{1,2}(st|nd|rd|th)?,? \d{4},?( at)? \d{1,2}:\d{2}( ?[AP]M)?/.exec(text)?.[0];
  const parsed = Date.parse(
    found
      ?.replace(/(\d)(st|nd|rd|th)\b/, '$1')
      .replace(' at ', ' ')
      .replace(/(\d{4}),/, '$1') ?? '',
  );
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Milliseconds since midnight in that zone; of this machine's when there is none of that name. */
function timeOfDay(now: number, zone: string | undefined): number {
  const parts = formatIn(zone).formatToParts(now);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1_000;
}

function formatIn(zone: string | undefined): Intl.DateTimeFormat {
  const fields = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', zone === undefined ? fields : { ...fields, timeZone: zone });
  } catch {
    // No zone of that name.
    return new Intl.DateTimeFormat('en-US', fields);
  }
}
