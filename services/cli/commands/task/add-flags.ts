/**
 * The flags of `task add`, and the one task that they describe, under the keys of a task file. Says nothing about what
 * a value may be.
 */
import { type Command, Option } from 'commander';
import type { TaskFileFormat } from '../../../../shared/config/task-entries.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import type { Session } from '../../session.ts';
import { type DraftFlags, draftOf, withDraftFlags } from '../../task-draft.ts';
import { bodyOf } from './body.ts';
import { type BoardFlags, verb } from './desk.ts';

export interface AddFlags extends DraftFlags, BoardFlags {
  readonly file?: string;
  readonly format?: TaskFileFormat;
  readonly id?: string;
  readonly bodyFile?: string;
  readonly lane?: string;
  readonly expects?: string;
}

/** `task add [title]` with its flags, and without an action. */
export const addParser = (): Command =>
  withDraftFlags(verb('add', 'add a task, or all tasks of a file'))
    .argument('[title]', 'its title')
    .option('-f, --file <file>', 'a file of tasks (.yaml, .json, .jsonl), or - for standard input')
    .addOption(
      new Option('--format <format>', 'what the file holds, when its name does not tell').choices([
        'yaml',
        'json',
        'jsonl',
      ]),
    )
    .option('--id <id>', 'its id (default: the project and some letters)')
    .option('--lane <lane>', 'where its change goes (default: main, or the only one)')
    .option('--expects <what>', 'whether a run ends with a change: change, none or any')
    .addHelpText(
      'after',
      '\nExamples:\n  waggle task add "Fix the parser" --label parser --gate VG-TEST\n  waggle task add -f tasks.yaml',
    );

/** The fields that only `add` has. */
export const givenFields = ({ id, lane, expects, bodyFile }: AddFlags): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ id, lane, expects, bodyFile }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );

/** The task of the flags. Errors: `usage` without a title, or when its body cannot be read. */
export async function draftFrom(
  title: string | undefined,
  flags: AddFlags,
  session: Session,
): Promise<{ title: string } & Record<string, unknown>> {
  if (title === undefined) {
    throw new WaggleError('usage', { message: 'expected a title, or -f with a file of tasks' });
  }
  const body = await bodyOf(flags, session);
  const { bodyFile: _, ...fields } = givenFields(flags);
  return { ...draftOf(flags), ...fields, title, ...(body === undefined ? {} : { body }) };
}
