/**
 * `waggle resume`: ends a pause.
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import { type ControlFlags, controlFlags, tellWords, WHO } from '../control-command.ts';

/** `waggle resume AGENT…`. */
export const build: CommandModule['build'] = (session, exit) =>
  controlFlags(
    new Command('resume')
      .description('tell paused workers to go on')
      .argument('[agents...]', WHO)
      .addHelpText(
        'after',
        '\nA profile that rests goes on with `waggle profile resume`.\n\nExamples:\n  waggle resume w3\n  waggle resume --all',
      ),
  ).action((words: readonly string[], flags: ControlFlags) =>
    tellWords(session, exit, flags, words, { v: 1, kind: 'resume' }),
  );
