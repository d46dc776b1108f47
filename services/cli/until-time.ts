/**
 * The end of a rest as people type it: how long from now, or when. Pure.
 */
import { parseDuration } from '../../shared/config/durations.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { readTime } from '../../shared/mail/since.ts';

/** Milliseconds since the epoch, after `now`. Errors: `usage`. */
export function untilTime(text: string, now: number): number {
  const wanted = text.trim();
  const ms = parseDuration(wanted);
  const at = ms === undefined ? timeOf(wanted, now) : now + ms;
  if (at !== undefined && at > now) return at;
  const got = at === undefined ? JSON.stringify(text) : `${JSON.stringify(text)}, which is over`;
  const message = `--until: expected a duration such as 30m or 1h30m, or a time to come such as 2026-03-01T09:00:00Z, got ${got}`;
  throw new WaggleError('usage', { message });
}

function timeOf(text: string, now: number): number | undefined {
  try {
    return readTime(text, now);
  } catch (error) {
    if (isWaggleError(error, 'usage')) return undefined;
    throw error;
  }
}
