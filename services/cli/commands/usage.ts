/**
 * `waggle usage`: what runs used, by task, profile or day, and how much of the budgets that is.
 */
import { Command, Option } from 'commander';
import { systemClock } from '../../../shared/clock.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { readTime } from '../../../shared/mail/since.ts';
import { askUsage } from '../board-usage.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, withProject } from '../session.ts';
import { usageRecord, usageText } from '../usage-text.ts';

interface Flags {
  readonly by: 'task' | 'profile' | 'day';
  readonly since?: string;
  readonly json?: true;
}

const HELP = `
TOKENS IN holds those that came from a cache. What a harness does not tell is not counted (\`waggle harness ls\`).
Days are days of UTC.

Examples:
  waggle usage
  waggle usage --by day --since 7d
  waggle usage --by task --json`;

/** `waggle usage`. */
export const build: CommandModule['build'] = (session) =>
  new Command('usage')
    .description('show what runs used, and how much of the budgets that is')
    .addOption(
      new Option('--by <what>', 'a row for each').choices(['task', 'profile', 'day']).default('profile'),
    )
    .option('--since <time>', 'only days from then on: 7d, 2026-03-01 (not with --by task)')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(async ({ by, since, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      if (by === 'task' && since !== undefined) {
        const message = '--since goes with --by profile or day: of a task only the whole is known';
        throw new WaggleError('usage', { message });
      }
      const choice = since === undefined ? { by } : { by, since: readTime(since, systemClock.now()) };
      const usage = await withProject(session, ({ client }) => askUsage(client, choice, session.signal));
      output.answer(usageRecord(usage, by), () => usageText(usage, by, output.paint));
    });
