/**
 * Reading mail as it was stored: sender and target come from the stored subject, never from the payload.
 */
import type { StoredMail } from '../../schemas/index.ts';
import { tryDecode } from './codec.ts';
import type { Stored } from './port.ts';
import { mailRoute } from './subjects.ts';

/** A longer message counts as absent: an answer of the read service could not carry it. */
export const LONGEST_MAIL_BYTES = 450_000;

/** A stored message as mail; a message that is no valid mail counts as absent, with its fault. */
export function readMail(
  stored: Pick<Stored, 'seq' | 'subject' | 'payload' | 'headers'>,
): StoredMail | { fault: string; from: string } {
  const route = mailRoute(stored.subject);
  if (route === undefined) return { fault: `${stored.subject} is no mail subject`, from: 'nobody' };
  const decoded = tryDecode('Mail', stored);
  if (!decoded.ok) return { fault: decoded.fault, from: route.from };
  return { seq: stored.seq, from: route.from, to: route.to, mail: decoded.value };
}

export const isFault = (
  read: StoredMail | { fault: string; from: string },
): read is { fault: string; from: string } => 'fault' in read;
