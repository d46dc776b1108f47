/**
 * `waggle stale-takeover`: the service in the foreground, logging JSON lines to standard error.
 */
import { Command } from 'commander';
import { openContext } from '../../../shared/service/context.ts';
import { staleTakeoverMain } from '../../stale-takeover/main.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';

interface Flags {
  readonly name: string;
  readonly stateDir?: string;
}

const NOTES = `
One of those that run leads and watches, the others stand by. Each needs a name of its own; a second one's needs the
role in waggle.yaml:
  roles:
    stale-takeover-2: stale-takeover

Example:
  waggle stale-takeover --name stale-takeover-2`;

export const build: CommandModule['build'] = (session) =>
  new Command('stale-takeover')
    .description('run one stale-takeover service until Ctrl-C; it rescues work whose owner died or hangs')
    .option(
      '--name <name>',
      'its name on the bus; it needs the role stale-takeover',
      agentName,
      'stale-takeover',
    )
    .option('--state-dir <folder>', 'where it keeps its state (default: .waggle/agents/<name>)')
    .addHelpText('after', NOTES)
    .action(async ({ name, stateDir }: Flags) => {
      const context = await openContext({ ...session, service: 'stale-takeover' });
      await staleTakeoverMain(
        context,
        { name, ...(stateDir === undefined ? {} : { stateDir }) },
        session.signal,
      );
    });
