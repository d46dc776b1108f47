/**
 * `waggle up`: reads the flags; what it does is in `up/`, in the foreground (run.ts) or behind (background.ts).
 */
import { Command, Option } from 'commander';
import { agentName, count, durationMs } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { outputOf } from '../session.ts';
import { runUpDetached } from '../up/background.ts';
import type { UpOptions } from '../up/prepare.ts';
import { runUp } from '../up/run.ts';

interface Flags {
  readonly workers?: number;
  readonly prefix: string;
  readonly drain: number;
  readonly wait: number;
  readonly detach?: true;
  readonly json?: true;
}

const DRAIN_MS = 30_000;
const WAIT_MS = 120_000;

/** `waggle up`: bus, orchestrator, committer and workers, supervised in the foreground or the background. */
export const build: CommandModule['build'] = (session) =>
  new Command('up')
    .description('start the bus, the orchestrator, a committer and workers; Ctrl-C drains and stops them')
    .option('--workers <n>', 'how many workers (default: workers.count of waggle.yaml)', count)
    .option('--prefix <name>', 'workers are called <name>1, <name>2, …', agentName, 'w')
    .addOption(
      new Option('--drain <duration>', 'how long runs may go on after Ctrl-C')
        .argParser(durationMs)
        .default(DRAIN_MS, '30s'),
    )
    .addOption(
      new Option('--wait <duration>', 'how long all may take to get ready')
        .argParser(durationMs)
        .default(WAIT_MS, '2m'),
    )
    .option('--detach', 'run in the background; `waggle down` stops it')
    .option('--json', 'print JSON: one line an event, or one object with --detach')
    .addHelpText('after', '\nExamples:\n  waggle up\n  waggle up --workers 4 --detach')
    .action(async ({ workers, prefix, drain, wait, detach, json }: Flags) => {
      const output = outputOf(session, { json: json === true });
      const options: UpOptions = {
        prefix,
        drainMs: drain,
        waitMs: wait,
        ...(workers === undefined ? {} : { workers }),
      };
      await (detach === true ? runUpDetached : runUp)(session, output, options);
    });
