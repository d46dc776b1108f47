/**
 * `waggle msg`: an operator's word in the prompt of a worker's next run.
 */
import type { CommandModule } from '../command-module.ts';
import { wordCommand } from '../operator-word.ts';

const HELP = `
The run under way does not hear of it: \`waggle steer\` reaches that one.

Examples:
  waggle msg w3 "the API of parser-7 has changed, see its note"
  waggle msg --all -f news.md
  git log -3 | waggle msg w3`;

/** `waggle msg AGENT… TEXT`. */
export const build: CommandModule['build'] = (session, exit) =>
  wordCommand(
    {
      name: 'msg',
      kind: 'msg',
      description: 'tell workers something, in the prompt of their next run',
      help: HELP,
    },
    session,
    exit,
  );
