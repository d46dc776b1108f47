/**
 * `log` and `messages`: the newest mails of a choice, and with `--follow` those to come.
 */
import { systemClock } from '../../../shared/clock.ts';
import type { LogQuery, MailChoice } from '../../../shared/mail/desk.ts';
import { readSince } from '../../../shared/mail/since.ts';
import { senderChoice } from './choice.ts';
import type { Call } from './command-row.ts';
import { withDesk } from './desk.ts';
import { createPrinter } from './printer.ts';

const LIMIT = 20;

export async function listMail({ session, output, flags }: Call, wanted: MailChoice): Promise<void> {
  const { signal } = session;
  const since = flags.text('since') ?? '';
  const choice: MailChoice = { ...wanted, ...senderChoice(flags.text('from')) };
  const query: LogQuery = {
    ...choice,
    limit: flags.count('limit', LIMIT),
    ...(since.trim() === '' ? {} : { since: readSince(since, systemClock.now()) }),
  };
  const follows = flags.has('follow');
  const { print, printWatched } = createPrinter(session, output, systemClock);
  try {
    await withDesk(session, async (desk) => {
      const { records, last } = await desk.log(query, signal);
      for (const record of records) await print(record);
      if (!follows) return;
      for await (const watched of desk.watch({ ...choice, after: last }, signal)) await printWatched(watched);
    });
  } catch (error) {
    // Ctrl-C is how following ends.
    if (!follows || !signal.aborted) throw error;
  }
}
