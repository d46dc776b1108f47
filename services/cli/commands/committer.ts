/**
 * `waggle committer`: one committer in the foreground, logging JSON lines to standard error.
 */
import { Command } from 'commander';
import { openContext } from '../../../shared/service/context.ts';
import { committerMain } from '../../committer/main.ts';
import { agentName, durationMs } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';

interface Flags {
  readonly name: string;
  readonly lane?: readonly string[];
  readonly stateDir?: string;
  readonly drain?: number;
}

export const build: CommandModule['build'] = (session) =>
  new Command('committer')
    .description('run one committer until Ctrl-C; it turns submissions into commits')
    .option('--name <name>', 'its name on the bus; it needs the role committer', agentName, 'committer')
    .option('--lane <lane...>', 'the lanes to serve (default: all)')
    .option('--state-dir <folder>', 'where it keeps its state (default: .waggle/agents/<name>)')
    .option('--drain <duration>', 'how long a commit may go on after Ctrl-C (default: 30s)', durationMs)
    .addHelpText('after', '\nExample:\n  waggle committer --lane main')
    .action(async ({ name, lane, stateDir, drain }: Flags) => {
      const context = await openContext({ ...session, service: 'committer' });
      await committerMain(
        context,
        {
          name,
          ...(lane === undefined ? {} : { lanes: lane }),
          ...(stateDir === undefined ? {} : { stateDir }),
          ...(drain === undefined ? {} : { drainMs: drain }),
        },
        session.signal,
      );
    });
