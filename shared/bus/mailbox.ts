/**
 * Sending mail, and reading it as it was stored. MAIL's PubAck is the receipt of a report; sender and target
 * come from the stored subject, never from the payload.
 */
import type { Mail, StoredMail } from '../../schemas/index.ts';
import { encode, tryDecode } from './codec.ts';
import type { Bus, Stored } from './port.ts';
import { type MailTarget, mailRoute, subjectsOf } from './subjects.ts';

/** Stores a mail and returns its sequence. Repeating it with the same id is safe for the receiver. */
export async function sendMail(
  swarm: Bus,
  project: string,
  from: string,
  to: MailTarget,
  mail: Mail,
  timeoutMs = 5_000,
): Promise<number> {
  const { payload, headers } = encode('Mail', mail, 'json');
  const subject = subjectsOf(project).mail(from, to);
  const stored = await swarm.append(subject, payload, { messageId: mail.id, headers, timeoutMs });
  return stored.seq;
}

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
