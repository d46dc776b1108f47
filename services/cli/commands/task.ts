/**
 * `waggle task …`: the table of its verbs. They answer in the tracker's envelope and with its exit codes, wrong
 * flags and a bus that is down too; so the words behind `task` are parsed here, by a parser of their own, and
 * whatever is thrown ends in `desk.fail`. Inside a run there are other verbs (`task/run-verbs.ts`).
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import type { Session } from '../session.ts';
import { createDesk, type TaskDesk } from './task/desk.ts';

/** The command for the program's table. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('task')
    .helpOption(false)
    .allowUnknownOption()
    // Behind `--` a title may begin with a dash.
    .passThroughOptions()
    .argument('[words...]')
    .action(async (words: readonly string[]) => exit(await runTask(words, session)));

async function runTask(words: readonly string[], session: Session): Promise<number> {
  const desk = createDesk(words, session);
  // With positional options a verb gets its words untouched, `--` included.
  const program = new Command('waggle').enablePositionalOptions();
  const task = program
    .command('task')
    .description('add, list, show and change tasks')
    .enablePositionalOptions();
  for (const verb of await verbs(desk)) task.addCommand(verb);
  for (const command of [task, ...task.commands]) {
    command
      .exitOverride()
      .helpCommand(false)
      .showHelpAfterError('(add --help for what is possible)')
      .configureOutput({
        writeOut: (text) => {
          session.stdout.write(text);
        },
        // With --json the envelope says it.
        writeErr: (text) => {
          if (!desk.output.json) session.stderr.write(text);
        },
      });
  }
  if (words.length === 0) {
    task.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(['task', ...words], { from: 'user' });
    return desk.exitCode;
  } catch (error) {
    return desk.fail(error);
  }
}

async function verbs(desk: TaskDesk): Promise<Command[]> {
  const { isInRun, runVerbs, strayVerbs } = await import('./task/run-verbs.ts');
  if (isInRun(desk.session)) return runVerbs(desk);
  const { boardVerbs } = await import('./task/board-verbs.ts');
  return [...boardVerbs(desk), ...strayVerbs()];
}
