/**
 * Unread mail for the prompt of a run. It is a courtesy: when it cannot be had soon, the run begins without it, and the
 * prompt says so.
 */
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { mailDigest } from '../../shared/mail/digest.ts';

/** So many of the newest are looked at. */
const MAILS = 200;
const PATIENCE_MS = 2_000;
const UNKNOWN =
  '## Mail for you\n\nWhether there is any could not be found out when this run began: `fmail inbox` shows what waits.';

/** The section for the prompt; undefined when there is no mail. Never rejects. */
export async function unreadMail(
  desk: Pick<MailDesk, 'inbox'>,
  log: Log,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const unread = await desk.inbox({ limit: MAILS, unreadOnly: true, brief: true }, soon);
    return mailDigest(
      unread.map(({ record }) => record),
      { limit: MAILS },
    );
  } catch (error) {
    if (signal.aborted) return undefined;
    log.warn({ reason: messageOf(error) }, 'the unread mail cannot be read');
    return UNKNOWN;
  }
}
