/**
 * `waggle logs`: the command's flags; `logs/source.ts` finds whose output is meant, `logs/print.ts` prints it.
 */
import { Command } from 'commander';
import { count } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { type LogFlags, printLogs } from './logs/print.ts';

/** `waggle logs TASK` and `waggle logs AGENT`: what the harness wrote, also while it is writing. */
export const build: CommandModule['build'] = (session) =>
  new Command('logs')
    .description('print the output of a task or an agent')
    .argument('<task|agent>', 'a task (its newest run), or an agent (@NAME where a task is called the same)')
    .option('-f, --follow', 'go on with what comes, until the run has ended or Ctrl-C')
    .option('-n, --lines <count>', 'only the last lines of what there is', count)
    .option('--run <run>', 'another run than the newest')
    .option('--json', 'answer in JSON, one line for each piece')
    .addHelpText('after', '\nExamples:\n  waggle logs parser-7 -f\n  waggle logs @w1 -n 50')
    .action((name: string, flags: LogFlags) => printLogs(session, name, flags));
