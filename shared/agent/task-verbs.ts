/**
 * The task desk as verbs of the agent's socket, row by row as `mail-verbs.ts`. Pure, and light to load.
 */
import { WaggleError } from '../errors.ts';
import type { Verb, VerbArgs } from '../mail/mail-verbs.ts';
import { shownValue } from '../shown-value.ts';
import type { AddedTask, CurrentTask, TaskDesk, TaskDraft } from './task-desk.ts';

const verb = <Input, Result>(row: Verb<TaskDesk, Input, Result>): Verb<TaskDesk, Input, Result> => row;

export const taskVerbs = {
  'task.current': verb<undefined, CurrentTask>({
    write: () => ({}),
    read: () => undefined,
    call: (desk, _, signal) => desk.current(signal),
  }),
  'task.progress': verb<string, void>({
    write: (text) => ({ text }),
    read: (args) => text(args, 'text'),
    call: (desk, said, signal) => desk.progress(said, signal),
  }),
  'task.done': verb<string | undefined, void>({
    write: (note) => (note === undefined ? {} : { note }),
    read: (args) => (args['note'] === undefined || args['note'] === null ? undefined : text(args, 'note')),
    call: (desk, note, signal) => desk.done(note, signal),
  }),
  'task.block': verb<string, void>({
    write: (reason) => ({ reason }),
    read: (args) => text(args, 'reason'),
    call: (desk, reason, signal) => desk.block(reason, signal),
  }),
  'task.add': verb<TaskDraft, AddedTask>({
    write: (draft) => draft,
    read: (args) => ({ ...args, title: text(args, 'title') }),
    call: (desk, draft, signal) => desk.add(draft, signal),
  }),
  'task.next': verb<undefined, CurrentTask | undefined>({
    write: () => ({}),
    read: () => undefined,
    call: (desk, _, signal) => desk.next(signal),
  }),
} as const;

export type TaskVerbs = typeof taskVerbs;

function text(args: VerbArgs, key: string): string {
  const value = args[key];
  if (typeof value === 'string') return value;
  throw new WaggleError('usage', { message: `args.${key}: expected text, got ${shownValue(value)}` });
}
