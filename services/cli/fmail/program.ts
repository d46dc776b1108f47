/**
 * `fmail`: mail between agents and people, with the commands, line formats and exit codes that prompts know
 * (0 ok, 1 failure, 2 usage). Help goes to standard output.
 */
import { Command } from 'commander';
import { VERSION } from '../../../shared/version.ts';
import { exitCodeOf } from '../failure.ts';
import { outputOf, type Session } from '../session.ts';
import { logCommand } from './log.ts';
import { sendCommand } from './send.ts';
import { watchCommand } from './watch.ts';

/** Runs one invocation; the exit code. Whoever has no FMAIL_AGENT is called `nameless`. */
export async function runFmail(argv: readonly string[], session: Session, nameless: string): Promise<number> {
  const given = session.variables['FMAIL_AGENT']?.trim() ?? '';
  const named = {
    ...session,
    variables: { ...session.variables, FMAIL_AGENT: given === '' ? nameless : given },
  };
  const wantsJson = argv.includes('--json');
  const program = programOf(named, wantsJson);
  const [name] = argv;
  if (name === undefined || name === 'help') {
    program.outputHelp();
    return 0;
  }
  if (
    !name.startsWith('-') &&
    !program.commands.some((known) => [known.name(), ...known.aliases()].includes(name))
  ) {
    session.stderr.write(`Error: unknown command ${JSON.stringify(name)} for "fmail"\n`);
    return 1;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    const isParser = error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
    if (isParser && !wantsJson) return exitCodeOf(error);
    return outputOf(session, { json: wantsJson }, 'fmail').fail(error);
  }
}

function programOf(session: Session, isQuiet: boolean): Command {
  const program = new Command('fmail')
    .description('Mail between agents: topics for everybody, @names for one.')
    .version(VERSION, '-v, --version')
    .addCommand(sendCommand(session))
    .addCommand(logCommand(session))
    .addCommand(watchCommand(session))
    .addHelpText('after', '\nFMAIL_AGENT is your name.');
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .helpCommand(false)
      .configureOutput({
        writeOut: (text) => {
          session.stdout.write(text);
        },
        // With --json the error object says it.
        writeErr: (text) => {
          if (!isQuiet) session.stderr.write(text);
        },
      });
  }
  return program;
}
