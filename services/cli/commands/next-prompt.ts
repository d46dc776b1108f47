/**
 * `waggle next-prompt`: a text in the place of the task's own words, for one run.
 */
import type { CommandModule } from '../command-module.ts';
import { wordCommand } from '../operator-word.ts';

const HELP = `
For one run, and in the place of the task's body (its title where it has none); everything else of the
prompt stays.

Examples:
  waggle next-prompt w3 "only write the failing test, and submit it"
  waggle next-prompt w3 -f plan.md`;

/** `waggle next-prompt AGENT… TEXT`. */
export const build: CommandModule['build'] = (session, exit) =>
  wordCommand(
    {
      name: 'next-prompt',
      kind: 'next_prompt',
      description: "give workers another text than the task's, for their next run",
      help: HELP,
    },
    session,
    exit,
  );
