/**
 * `waggle pause`: a worker claims nothing more; what it has in hand goes on.
 */
import { Command } from 'commander';
import { durationMs } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { type ControlFlags, controlFlags, tellWords, WHO } from '../control-command.ts';

interface Flags extends ControlFlags {
  readonly for?: number;
}

const HELP = `
Its run goes on to its end. A worker that is started anew has forgotten the pause.

Examples:
  waggle pause w3 --for 30m
  waggle pause --all`;

/** `waggle pause AGENT…`. */
export const build: CommandModule['build'] = (session, exit) =>
  controlFlags(
    new Command('pause')
      .description('tell workers to claim nothing more')
      .argument('[agents...]', WHO)
      .option('--for <duration>', 'for so long (default: until `waggle resume`)', durationMs)
      .addHelpText('after', HELP),
  ).action((words: readonly string[], flags: Flags) =>
    tellWords(session, exit, flags, words, {
      v: 1,
      kind: 'pause',
      ...(flags.for === undefined ? {} : { for_ms: flags.for }),
    }),
  );
