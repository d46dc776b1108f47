/**
 * `fmail log`: the newest mails, and with `-f` those to come.
 */
import { Command } from 'commander';
import type { StoredMail } from '../../../schemas/index.ts';
import { systemClock } from '../../../shared/clock.ts';
import { count } from '../arguments.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { followMail } from './follow.ts';
import { mailRecord, recordLine } from './mail-record.ts';
import { type MailChoice, recentMail } from './recent-mail.ts';
import { readSince } from './since.ts';
import { readSender, readTarget } from './target.ts';

interface Flags {
  readonly limit: number;
  readonly since?: string;
  readonly from?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export const logCommand = (session: Session): Command =>
  new Command('log')
    .alias('logs')
    .description('print the newest messages')
    .argument('[topic|@agent]', 'only of this topic, or to this agent (default: all topics)')
    .option('-n, --limit <count>', 'at most so many; 0 for all', count, 20)
    .option('--since <time>', 'only from then on: 1h30m, 3d, 2026-03-01, 2026-03-01T09:00:00Z, now')
    .option('--from <agent>', 'only by this sender')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'one line of JSON for each message')
    .action(async (targetText: string | undefined, flags: Flags) => {
      const output = outputOf(session, flags, 'fmail');
      const { signal } = session;
      const choice: MailChoice = {
        ...(flags.since === undefined ? {} : { since: readSince(flags.since, systemClock.now()) }),
        ...(flags.from === undefined ? {} : { from: readSender(flags.from) }),
        ...(targetText === undefined ? {} : { target: readTarget(targetText) }),
      };
      await withProject(session, async (link) => {
        const print = (mail: StoredMail) => {
          output.item(mailRecord(mail), () => recordLine(mail));
          return true;
        };
        const { mails, last } = await recentMail(link.reader, choice, flags.limit, signal);
        for (const mail of mails) print(mail);
        if (flags.follow === true) await followMail(link, choice, last, signal, print);
      });
    });
