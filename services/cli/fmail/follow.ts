/**
 * Mails as they come, for `log -f` and `watch`, until the signal aborts or somebody has seen enough.
 */
import type { StoredMail } from '../../../schemas/index.ts';
import { watchMail } from '../../../shared/bus/mail-watch.ts';
import type { ProjectLink } from '../session.ts';
import { isChosen, type MailChoice } from './recent-mail.ts';

/** Gives what comes after the sequence `after`; `take` says whether it wants more. */
export async function followMail(
  { swarm, reader, context }: ProjectLink,
  choice: MailChoice,
  after: number,
  signal: AbortSignal,
  take: (mail: StoredMail) => boolean,
): Promise<void> {
  const { target, from } = choice;
  const options = {
    after,
    ...(target === undefined ? {} : { target }),
    ...(from === undefined ? {} : { from }),
  };
  try {
    for await (const mail of watchMail(swarm, context.project, reader, options, context.clock, signal)) {
      if (isChosen(mail, choice) && !take(mail)) return;
    }
  } catch (error) {
    // The end came while something was being read.
    if (!signal.aborted) throw error;
  }
}
