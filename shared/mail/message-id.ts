/**
 * Ids of mails in the form that agents and scripts know. The sequence in MAIL alone makes one unique and is what
 * every cursor goes by; the time in front of it is for people. Pure.
 */
import type { StoredMail } from '../../schemas/index.ts';

/** The last time that has a year of four digits; a sender may claim any. */
const LAST_MS = 253_402_300_799_999;

/** RFC 3339 in UTC, without a fraction where it is zero. */
export function rfc3339(atMs: number): string {
  return new Date(Math.min(atMs, LAST_MS)).toISOString().replace('.000Z', 'Z');
}

/** `YYYYMMDD-HHMMSS-NNNN`: the second (UTC) of `atMs`, and the stream sequence with at least four digits. */
export function mailId(atMs: number, seq: number): string {
  const [date = '', time = ''] = rfc3339(atMs).slice(0, 19).split('T');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${String(seq).padStart(4, '0')}`;
}

/** The stream sequence that an id of `mailId` holds, or a bare number ≥ 1; undefined for any other text. */
export function mailSequence(id: string): number | undefined {
  const [, full, bare] = /^(?:\d{8}-\d{6}-(\d{4,15})|(\d{1,15}))$/.exec(id.trim()) ?? [];
  const seq = Number(full ?? bare);
  return seq > 0 ? seq : undefined;
}

/** Whether the text is a whole id, not a bare number. */
export const isMailId = (text: string): boolean => text.includes('-') && mailSequence(text) !== undefined;

/** `tasks`, or `@alice` for an agent. */
export function targetText(to: StoredMail['to']): string {
  return to.kind === 'agent' ? `@${to.name}` : to.name;
}
