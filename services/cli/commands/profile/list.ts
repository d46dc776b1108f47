/**
 * `waggle profile ls`: profiles of waggle.yaml and of the board, as far as either is there.
 */
import { Command } from 'commander';
import { systemClock } from '../../../../shared/clock.ts';
import { askProfiles } from '../../board-usage.ts';
import { listProfiles, profileTable } from '../../profile-list.ts';
import { findBoth } from '../../profile-sides.ts';
import { outputOf, type Session } from '../../session.ts';

const HELP = `
LIVE and MAX count runs on all machines together; FAILED counts runs in a row that failed alike. With no leader to ask,
only waggle.yaml is shown.

Example:
  waggle profile ls`;

/** `waggle profile ls`. */
export const listCommand = (session: Session): Command =>
  new Command('ls')
    .description('list profiles: what they run, whether they may, what they used')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(async ({ json }: { readonly json?: true }) => {
      const output = outputOf(session, { json: json === true });
      const { config, board } = await findBoth(session, output, ({ client }) =>
        askProfiles(client, session.signal),
      );
      const now = systemClock.now();
      const entries = listProfiles(config?.profiles ?? new Map(), board?.profiles, now);
      const view = { now, isHeard: board !== undefined, paint: output.paint };
      output.answer(entries, () =>
        entries.length === 0 ? 'no profile is configured' : profileTable(entries, view),
      );
    });
