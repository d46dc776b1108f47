/**
 * `waggle inbox`: the mail that somebody wrote to the orchestrator and that waits for a person. Reports are for
 * the board and never shown; notices only on demand, so that questions stand out.
 */
import { Command } from 'commander';
import type { Mail, StoredMail } from '../../../schemas/index.ts';
import { RESERVED_AGENT } from '../../../schemas/limits.ts';
import { systemClock } from '../../../shared/clock.ts';
import { count } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { followMail } from '../fmail/follow.ts';
import { mailRecord } from '../fmail/mail-record.ts';
import { type MailChoice, recentMail } from '../fmail/recent-mail.ts';
import { readSince } from '../fmail/since.ts';
import { inboxText } from '../inbox-text.ts';
import { outputOf, withProject } from '../session.ts';

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
    .description('show the mail that waits for somebody to act, newest last')
    .option('-a, --all', 'notices too, not only messages')
    .option('-n, --limit <count>', 'at most so many; 0 for all', count, 20)
    .option('--since <time>', 'only from then on: 1h30m, 3d, 2026-03-01, 2026-03-01T09:00:00Z')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'one line of JSON for each mail')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle inbox\n  waggle inbox --all --since 1h\n  waggle answer 20260301-091500-0042 "use the second one"',
    )
    .action(async (flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const { signal } = session;
      const kinds: readonly Mail['kind'][] = flags.all === true ? ['message', 'notice'] : ['message'];
      const choice: MailChoice = {
        kinds,
        target: { kind: 'agent', name: RESERVED_AGENT },
        ...(flags.since === undefined ? {} : { since: readSince(flags.since, systemClock.now()) }),
      };
      await withProject(session, async (link) => {
        const print = (mail: StoredMail) => {
          const record = { ...mailRecord(mail), kind: mail.mail.kind };
          output.item(record, () => inboxText(mail, systemClock.now(), output.paint));
          return true;
        };
        const { mails, last } = await recentMail(link.reader, choice, flags.limit, signal);
        for (const mail of mails) print(mail);
        if (flags.follow === true) await followMail(link, choice, last, signal, print);
        else if (mails.length === 0) output.say(emptyText(flags));
      });
    });

function emptyText({ all, since }: Flags): string {
  const what = all === true ? 'no mail' : 'no message';
  return since === undefined ? `${what} waits here` : `${what} came since ${since}`;
}
