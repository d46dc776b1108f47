/**
 * The start of a time window as people type it. Pure.
 */
import { DURATION_EXPECTED, parseDuration } from '../../../shared/config/durations.ts';
import { WaggleError } from '../../../shared/errors.ts';

/**
 * Milliseconds since the epoch: `now`, a duration back from now (`1h30m`, `3.5d`), an RFC 3339 time, or
 * `YYYY-MM-DD` and `YYYY-MM-DDTHH:MM:SS`, which are UTC. Errors: `usage`.
 */
export function readSince(text: string, now: number): number {
  const wanted = text.trim();
  if (wanted.toLowerCase() === 'now') return now;
  const duration = /[a-z]$/.test(wanted) ? parseDuration(wanted) : undefined;
  if (duration !== undefined) return now - duration;
  const [, day, time, zone] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?)?$/.exec(wanted) ?? [];
  const at =
    day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? '00:00:00'}${(zone ?? 'Z').toUpperCase()}`);
  if (!Number.isNaN(at)) return at;
  const message = `--since: expected now, ${DURATION_EXPECTED}, or a time such as 2026-03-01 or 2026-03-01T09:00:00Z, got ${JSON.stringify(text)}`;
  throw new WaggleError('usage', { message });
}
