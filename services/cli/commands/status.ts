/**
 * `waggle status`: one question to the leader; `status-text.ts` has the words.
 */
import { Command } from 'commander';
import { systemClock } from '../../../shared/clock.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf, withProject } from '../session.ts';
import { statusRecord, statusText } from '../status-text.ts';

/** `waggle status`: the leader, tasks by state, who works on what, the lanes. */
export const build: CommandModule['build'] = (session) =>
  new Command('status')
    .description('show the project at a glance')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExample:\n  waggle status')
    .action(async (flags: { readonly json?: boolean }) => {
      const output = outputOf(session, flags);
      const status = await withProject(session, ({ client }) =>
        client.query({ v: 1, kind: 'status' }, session.signal),
      );
      output.answer(statusRecord(status), () => statusText(status, systemClock.now(), output.paint));
    });
