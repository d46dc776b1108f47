/**
 * Storing a mail. MAIL's PubAck is the receipt. Stands apart from reading mail, whose checks of what comes in take a
 * short command longer to load than the sending takes.
 */
import type { Mail } from '../../schemas/index.ts';
import type { Appended, Bus } from './port.ts';
import { type MailRoute, subjectsOf } from './subjects.ts';

/** Stores a mail and returns its sequence. Repeating it with the same id is safe for the receiver. */
export async function sendMail(
  swarm: Bus,
  project: string,
  from: string,
  to: MailRoute,
  mail: Mail,
  timeoutMs = 5_000,
): Promise<number> {
  return (await storeMail(swarm, project, from, to, mail, timeoutMs)).seq;
}

/** The same, and whether the server had a message with that id already, which may be anybody's. */
export function storeMail(
  swarm: Bus,
  project: string,
  from: string,
  to: MailRoute,
  mail: Mail,
  timeoutMs: number,
): Promise<Appended> {
  // JSON, so that the server's own tools show it (DESIGN 3).
  const payload = Buffer.from(JSON.stringify(mail));
  const headers = { 'Content-Type': 'application/json' };
  const subject = subjectsOf(project).mail(from, to);
  return swarm.append(subject, payload, { messageId: mail.id, headers, timeoutMs });
}
