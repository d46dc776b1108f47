/**
 * The commands that bring workers a text of an operator: `msg`, `steer`, `next-prompt`. The text is the last word, or
 * stands behind `-m`, in a file, or comes on standard input.
 */
import { Command } from 'commander';
import type { Control } from '../../schemas/index.ts';
import { WaggleError } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { addressedWords } from './addressed-words.ts';
import { readInput } from './commands/task/body.ts';
import { type ControlFlags, controlFlags, tellAgents } from './control-command.ts';
import { checkBody } from './mail-sending.ts';
import type { Session } from './session.ts';

export interface WordCommand {
  readonly name: string;
  readonly kind: Extract<Control, { text: string }>['kind'];
  readonly description: string;
  readonly help: string;
}

interface Flags extends ControlFlags {
  readonly message?: string;
  readonly file?: string;
}

/** The parser of one of them. */
export function wordCommand(
  { name, kind, description, help }: WordCommand,
  session: Session,
  exit: (code: number) => void,
): Command {
  const command = new Command(name)
    .description(description)
    .argument('[words...]', 'names of agents (`waggle ps` lists them), then the text')
    .option('-m, --message <text>', 'the text; all words are agents then')
    .option('-f, --file <path>', 'a file with the text, - for standard input; all words are agents then')
    .addHelpText('after', help);
  return controlFlags(command).action(async (words: readonly string[], flags: Flags) => {
    const { message, file } = flags;
    if (message !== undefined && file !== undefined)
      throw new WaggleError('usage', { message: 'expected --message or --file, got both' });
    const isAll = flags.all === true;
    const named = message ?? (file === undefined ? undefined : await readInput(file, session));
    const { agents, text } = addressedWords(words, { isAll, hasText: named !== undefined });
    const said = named ?? text ?? (await readInput('-', session));
    if (said.trim() === '') {
      const message = `expected a text behind the names, got none: waggle ${name} w3 "…", or -m, -f, or standard input`;
      throw new WaggleError('usage', { message });
    }
    checkBody(said);
    await tellAgents(session, exit, flags, agents, { v: 1, kind, id: randomId(), text: said });
  });
}
