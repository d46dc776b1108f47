/**
 * A message as it is named on the command line. Pure.
 */
import { WaggleError } from '../../../shared/errors.ts';
import { mailId, mailSequence } from '../../../shared/mail/message-id.ts';

/** The sequence of a full id, or of its last number alone. Errors: `mail-unknown`. */
export function readMessage(text: string | undefined): number {
  const seq = mailSequence(text ?? '');
  if (seq !== undefined) return seq;
  const shown = JSON.stringify((text ?? '').slice(0, 80));
  const example = mailId(Date.UTC(2026, 1, 9, 12), 3);
  const message = `no message has the id ${shown}: expected one such as ${example}, or only its last number; \`fmail log\` and \`fmail inbox\` print them`;
  throw new WaggleError('mail-unknown', { message });
}
