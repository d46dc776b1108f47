/**
 * Storing a mail that a person or an agent writes on the command line.
 */
import { hostname } from 'node:os';
import type { Mail } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT, LINE_LIMIT } from '../../schemas/limits.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import type { MailTarget } from '../../shared/bus/subjects.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import type { ProjectLink } from './session.ts';

const TRIES = 3;

/** What else a mail may carry. */
export type MailFields = Pick<Mail, 'reply_to' | 'priority' | 'tags'>;

/** Stores an ordinary mail; its sequence and what was stored. Errors: the port's. */
export async function sendMessage(
  { swarm, context, agent }: ProjectLink,
  to: MailTarget,
  body: string,
  fields: MailFields = {},
): Promise<{ readonly seq: number; readonly mail: Mail }> {
  const mail: Mail = {
    v: 1,
    id: randomId(),
    kind: 'message',
    at: context.clock.now(),
    body,
    host: hostname().slice(0, LINE_LIMIT) || 'unknown',
    ...fields,
  };
  // Sends again where the outcome is unknown: the mail's own id makes that safe.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { seq: await sendMail(swarm, context.project, agent, to, mail), mail };
    } catch (error) {
      if (attempt >= TRIES || !isWaggleError(error) || !error.retryable) throw error;
    }
  }
}

/** Errors: `usage` for an empty body, `mail-invalid` for one that is too long. */
export function checkBody(body: string): string {
  if (body.trim() === '') throw new WaggleError('usage', { message: 'message body is required' });
  const bytes = Buffer.byteLength(body);
  if (bytes > INLINE_TEXT_LIMIT) {
    const told = `message exceeds the limit of ${INLINE_TEXT_LIMIT / 1024} KiB: it has ${bytes} bytes; put it in a file and send its path`;
    throw new WaggleError('mail-invalid', { message: told });
  }
  return body;
}
