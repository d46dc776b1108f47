/**
 * `waggle worker`: one worker in the foreground, logging JSON lines to standard error.
 */
import { hostname } from 'node:os';
import { Command, Option } from 'commander';
import type { Mode } from '../../../schemas/index.ts';
import { projectName } from '../../../shared/config/project-name.ts';
import { openContext } from '../../../shared/service/context.ts';
import { workerMain } from '../../worker/main.ts';
import { agentName, durationMs } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { ownProgram } from '../own-program.ts';

interface Flags {
  readonly name?: string;
  readonly profile?: string;
  readonly pool?: string;
  readonly mode?: Mode;
  readonly label?: readonly string[];
  readonly stateDir?: string;
  readonly drain?: number;
  readonly idleStop?: boolean;
  readonly idleWait: number;
}

const IDLE_WAIT_MS = 10_000;

export const build: CommandModule['build'] = (session) =>
  new Command('worker')
    .description('run one worker until Ctrl-C; it claims tasks and runs a harness for each')
    .option('--name <name>', 'its name on the bus (default: this host)', agentName)
    .option('--profile <profile>', 'profile of waggle.yaml (default: workers.profile)')
    .addOption(
      new Option(
        '--pool <pool>',
        'pool of waggle.yaml, of whose profiles the board chooses one for each run (default: workers.pool)',
      ).conflicts('profile'),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'a harness for each task, or one that takes task after task (default: workers.mode)',
      ).choices(['single-task', 'continuous']),
    )
    .option('--label <label...>', 'labels that tasks may require')
    .option('--state-dir <folder>', 'where it keeps its state (default: .waggle/agents/<name>)')
    .option('--drain <duration>', 'how long a run may go on after Ctrl-C (default: 30s)', durationMs)
    .option('--idle-stop', 'leave (exit code 0) after three looks in a row that find no ready or open task')
    .addOption(
      new Option('--idle-wait <duration>', 'how long to wait for work before each look')
        .argParser(durationMs)
        .default(IDLE_WAIT_MS, '10s'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  waggle worker --name w7\n  waggle worker --profile codex --label gpu\n  waggle worker --pool main --mode continuous\n  waggle worker --idle-stop',
    )
    .action(async ({ name, profile, pool, mode, label, stateDir, drain, idleStop, idleWait }: Flags) => {
      const context = await openContext({ ...session, service: 'worker' });
      await workerMain(
        context,
        {
          name: name ?? context.environment.agent ?? projectName({ folder: hostname() }),
          ...(profile === undefined ? {} : { profile }),
          commands: { waggle: ownProgram(), fmail: ownProgram('fmail') },
          ...(pool === undefined ? {} : { pool }),
          ...(mode === undefined ? {} : { mode }),
          ...(label === undefined ? {} : { labels: label }),
          ...(stateDir === undefined ? {} : { stateDir }),
          ...(drain === undefined ? {} : { drainMs: drain }),
          ...(idleStop === true ? { idleWaitMs: idleWait } : {}),
        },
        session.signal,
      );
    });
