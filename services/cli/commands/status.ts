/**
 * `waggle status`: two questions to the leader; `status-text.ts` and `rest-text.ts` have the words.
 */
import { Command } from 'commander';
import { systemClock } from '../../../shared/clock.ts';
import { askProfiles } from '../board-usage.ts';
import type { CommandModule } from '../command-module.ts';
import { restLines, restRecord } from '../rest-text.ts';
import { outputOf, withProject } from '../session.ts';
import { statusRecord, statusText } from '../status-text.ts';

/** `waggle status`: the leader, tasks by state, what rests, who works on what, the lanes. */
export const build: CommandModule['build'] = (session) =>
  new Command('status')
    .description('show the project at a glance')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExample:\n  waggle status')
    .action(async (flags: { readonly json?: boolean }) => {
      const output = outputOf(session, flags);
      const { signal } = session;
      const { status, known } = await withProject(session, async ({ client }) => ({
        status: await client.query<'status'>({ v: 1, kind: 'status' }, signal),
        // A leader of an older version knows no profiles: what it can say is still worth saying.
        known: await askProfiles(client, signal),
      }));
      const now = systemClock.now();
      const rests = known === undefined ? {} : restRecord(known, now);
      output.answer({ ...statusRecord(status), ...rests }, () => {
        const lines = known === undefined ? [] : restLines(known, now, output.paint);
        return statusText(status, now, output.paint, lines);
      });
    });
