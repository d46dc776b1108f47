/**
 * A stored mail as the public object that agents, scripts and tools know. Pure; never throws, whatever a sender put
 * into its mail.
 */
import type { MailRecord, StoredMail } from '../../schemas/index.ts';
import { mailId, mailSequence, rfc3339, targetText } from './message-id.ts';

/** Deeper JSON stays text: printing it would run out of stack. */
const DEEPEST = 100;

/** What is empty is left out. `body`: the text, also where it travelled through FILES. */
export function recordOf(stored: StoredMail, body: string): MailRecord {
  const { seq, from, to, mail } = stored;
  const { kind, reply_to, priority, host, tags = [], ack_within_ms } = mail;
  return {
    id: mailId(mail.at, seq),
    from,
    to: targetText(to),
    time: rfc3339(mail.at),
    body: mail.report ?? bodyValue(body),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(priority === undefined ? {} : { priority }),
    ...(host === undefined ? {} : { host }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(kind === 'notice' || kind === 'report' ? { kind } : {}),
    ...(ack_within_ms === undefined ? {} : { ack_within_ms }),
  };
}

/** The record's sequence in MAIL; 0 for an id that is none of ours. */
export const sequenceOf = (record: MailRecord): number => mailSequence(record.id) ?? 0;

/** Whether people or agents wrote it, rather than the board or a worker. */
export const isPlain = (record: MailRecord): boolean => record.kind === undefined;

/** Text that is JSON as such, unless a number in it would not come back as it was typed (`123e456`, a 1.0, an id). */
export function bodyValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'number') return String(value) === text.trim() ? value : text;
    return isFaithful(value, 0) ? value : text;
  } catch {
    return text;
  }
}

function isFaithful(value: unknown, depth: number): boolean {
  if (typeof value === 'number')
    return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
  if (typeof value !== 'object' || value === null) return true;
  return depth < DEEPEST && Object.values(value).every((part) => isFaithful(part, depth + 1));
}
