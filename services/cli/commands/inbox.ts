/**
 * `waggle inbox`: the mail that somebody wrote to the orchestrator and that waits for a person. Reports are for
 * the board and never shown; notices only on demand, so that questions stand out.
 */
import { Command } from 'commander';
import type { MailRecord } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import { readSince } from '../../../shared/mail/since.ts';
import { count } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { openBusDesk } from '../fmail/bus-way.ts';
import { followInbox, type InboxKind, inboxMail, kindOf } from '../inbox-mail.ts';
import { inboxText } from '../inbox-text.ts';
import { outputOf } from '../session.ts';

interface Flags {
  readonly all?: true;
  readonly limit: number;
  readonly since?: string;
  readonly follow?: true;
  readonly json?: true;
}

/** `waggle inbox`: the newest mails to the orchestrator, newest last. */
export const build: CommandModule['build'] = (session) =>
  new Command('inbox')
    .description('show the mail that asks somebody to act, newest last')
    .option('-a, --all', 'notices too, not only messages')
    .option('-n, --limit <count>', 'at most so many; 0 for all', count, 20)
    .option('--since <time>', 'only from then on: 1h30m, 3d, 2026-03-01, 2026-03-01T09:00:00Z, or a mail')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'one line of JSON for each mail')
    .addHelpText(
      'after',
      '\nA mail stays here when its matter is dealt with; `waggle task list --status blocked,failed` and `waggle profile ls`\nsay what still waits.\n\nExamples:\n  waggle inbox\n  waggle inbox --all --since 1h\n  waggle answer 20260301-091500-0042 "use the second one"',
    )
    .action(async (flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const { signal } = session;
      const kinds: readonly InboxKind[] = flags.all === true ? ['message', 'notice'] : ['message'];
      const since = flags.since === undefined ? {} : { since: readSince(flags.since, systemClock.now()) };
      const print = (record: MailRecord) => {
        const value = { ...record, kind: kindOf(record) };
        output.item(value, () => inboxText(record, systemClock.now(), output.paint));
      };
      const desk = await openBusDesk({ ...session, nameless: 'operator' });
      try {
        const { records, last } = await inboxMail(desk, { kinds, limit: flags.limit, ...since }, signal);
        for (const record of records) print(record);
        if (flags.follow === true) {
          for await (const record of followInbox(desk, kinds, last, signal)) print(record);
        } else if (records.length === 0) output.say(emptyText(flags));
      } catch (error) {
        // Ctrl-C is how following ends.
        if (flags.follow !== true || !signal.aborted) throw error;
      } finally {
        await desk.close();
      }
    });

function emptyText({ all, since }: Flags): string {
  const what = all === true ? 'no mail' : 'no message';
  return since === undefined ? `${what} waits here` : `${what} came since ${since}`;
}
