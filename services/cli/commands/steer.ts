/**
 * `waggle steer`: an operator's word to the run under way, which goes on with it in the same conversation.
 */
import type { CommandModule } from '../command-module.ts';
import { wordCommand } from '../operator-word.ts';

const HELP = `
The run is interrupted and goes on with the text in the same conversation. Where its harness cannot
(\`waggle harness ls\` says which can), or nothing runs, the text comes with the next run.

Examples:
  waggle steer w3 "leave the lock file alone"
  waggle steer w3 w4 -f correction.md`;

/** `waggle steer AGENT… TEXT`. */
export const build: CommandModule['build'] = (session, exit) =>
  wordCommand(
    {
      name: 'steer',
      kind: 'steer',
      description: 'tell workers something at once, while they work',
      help: HELP,
    },
    session,
    exit,
  );
