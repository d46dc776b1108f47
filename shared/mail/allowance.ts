/**
 * How much mail one answer may hold, for a process that answers others and must not run out of memory for them. Pure.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';

/** Counts the mails of one answer; throws `usage` when they get too many bytes. */
export function allowance(mostBytes = Number.POSITIVE_INFINITY): (mails: Iterable<StoredMail>) => void {
  let bytes = 0;
  return (mails) => {
    for (const { mail } of mails) bytes += mail.body_file?.size_bytes ?? mail.body?.length ?? 0;
    if (bytes <= mostBytes) return;
    const size = Math.floor(mostBytes / 1024 ** 2);
    const message = `more than ${size} MiB of mail: name a lower limit, a target or a later --since`;
    throw new WaggleError('usage', { message });
  };
}
