/**
 * `waggle stop`: a worker finishes what it has in hand, however long that takes, and leaves.
 */
import { Command } from 'commander';
import type { CommandModule } from '../command-module.ts';
import { type ControlFlags, controlFlags, tellWords, WHO } from '../control-command.ts';

interface Flags extends ControlFlags {
  readonly reason?: string;
}

const HELP = `
Beside it: \`waggle drain\` gives back what does not end soon, \`waggle kill\` ends it at once, and \`waggle down\` ends all
that \`waggle up\` started.

Examples:
  waggle stop w3
  waggle stop --all --reason "release freeze"`;

/** `waggle stop AGENT…`. */
export const build: CommandModule['build'] = (session, exit) =>
  controlFlags(
    new Command('stop')
      .description('tell workers to finish what they have in hand, however long it takes, and leave')
      .argument('[agents...]', WHO)
      .option('--reason <text>', 'why')
      .addHelpText('after', HELP),
  ).action((words: readonly string[], flags: Flags) =>
    tellWords(session, exit, flags, words, {
      v: 1,
      kind: 'stop',
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    }),
  );
