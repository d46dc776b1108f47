/**
 * `fmail`: mail between agents and people, with the commands, line formats and exit codes that prompts know
 * (0 ok, 1 failure, 2 usage). Help goes to standard output. Only the file of the command that was asked for is loaded:
 * start-up is most of what a `send` costs.
 */
import { WaggleError } from '../../../shared/errors.ts';
import { VERSION } from '../../../shared/version.ts';
import type { Session } from '../session.ts';
import type { CommandRow, FmailSession } from './command-row.ts';
import { commands, findCommand } from './commands.ts';
import { fmailOutput } from './fmail-output.ts';
import { readInvocation } from './invocation.ts';

/** Runs one invocation; the exit code. Whoever has no FMAIL_AGENT is called `nameless`. */
export async function runFmail(argv: readonly string[], session: Session, nameless: string): Promise<number> {
  const [name, ...words] = argv;
  try {
    if (argv.some((word) => word === '--robot-help' || word.startsWith('--robot-help='))) {
      const { robotHelp } = await import('./robot-help.ts');
      session.stdout.write(`${JSON.stringify(robotHelp(commands), undefined, 2)}\n`);
      return 0;
    }
    if (name === undefined || name === '-h' || name === '--help') return await help(session, undefined);
    if (name === '-v' || name === '--version') {
      session.stdout.write(`${VERSION}\n`);
      return 0;
    }
    if (name === 'help')
      return await help(
        session,
        words.find((word) => !word.startsWith('-')),
      );
    if (name.startsWith('-')) throw new WaggleError('usage', { message: `unknown flag: ${name}` });
    const row = findCommand(name);
    if (row === undefined) return unknown(session, name);
    const invocation = readInvocation(row, words);
    if (invocation === undefined) return await help(session, row.name);
    const { args, flags } = invocation;
    const json = row.flags?.some((flag) => flag.name === 'json') === true && flags.has('json');
    const { run } = await row.load();
    await run({
      session: namedSession(session, nameless),
      output: fmailOutput(session, json),
      args,
      flags,
      table: commands,
    });
    return 0;
  } catch (error) {
    const { tellFailure } = await import('./failing.ts');
    // What is wrong with the flags themselves is told as they ask for it.
    return tellFailure(session, argv.includes('--json'), error);
  }
}

/** Opens no stream that the command doesn't touch: each takes a millisecond. */
function namedSession(session: Session, nameless: string): FmailSession {
  const { folder, variables, stdout, signal, onHurry } = session;
  return {
    nameless,
    folder,
    variables,
    stdout,
    signal,
    ...(onHurry === undefined ? {} : { onHurry }),
    get stdin() {
      return session.stdin;
    },
    get stderr() {
      return session.stderr;
    },
  };
}

async function help(session: Session, name: string | undefined): Promise<number> {
  const row: CommandRow | undefined = name === undefined ? undefined : findCommand(name);
  if (name !== undefined && name !== 'help' && row === undefined) return unknown(session, name);
  const { commandHelp, programHelp } = await import('./help.ts');
  session.stdout.write(row === undefined ? programHelp(commands) : commandHelp(row));
  return 0;
}

function unknown(session: Session, name: string): number {
  session.stderr.write(`Error: unknown command ${JSON.stringify(name)} for "fmail"\n`);
  return 1;
}
