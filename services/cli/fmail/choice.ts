/**
 * Which mails a command is asked for, from its argument and flags. Pure.
 */
import { WaggleError } from '../../../shared/errors.ts';
import type { MailChoice } from '../../../shared/mail/desk.ts';
import { readAgent, readTarget } from '../../../shared/mail/names.ts';

/** `topic`, `@agent`; nothing and the empty text are all topics. Errors: `mail-invalid`. */
export function targetChoice(text: string | undefined): MailChoice {
  return text === undefined || text.trim() === '' ? {} : { target: readTarget(text) };
}

/** `alice` or `@alice`; nothing and the empty text are everybody. Errors: `usage`. */
export function senderChoice(text: string | undefined): MailChoice {
  if (text === undefined || text.trim() === '') return {};
  try {
    return { from: readAgent(text) };
  } catch (error) {
    const message = `--from: expected the name of an agent, got ${JSON.stringify(text)}`;
    throw new WaggleError('usage', { message }, { cause: error });
  }
}
