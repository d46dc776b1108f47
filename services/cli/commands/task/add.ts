/**
 * `task add`: one task from flags, or all tasks of a file.
 */
import { type Command, Option } from 'commander';
import { systemClock } from '../../../../shared/clock.ts';
import type { TaskFileFormat } from '../../../../shared/config/task-entries.ts';
import { readTask, taskFileInvalid } from '../../../../shared/config/task-file.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import type { ProjectLink } from '../../session.ts';
import { type DraftFlags, draftOf, withDraftFlags } from '../../task-draft.ts';
import { movedTask, okEnvelope, refusalEnvelope } from '../../task-envelope.ts';
import { newTaskId } from '../../task-ids.ts';
import { bodyOf, readInput } from './body.ts';
import { type BoardFlags, onBoard, type TaskDesk, verb } from './desk.ts';

interface Flags extends DraftFlags, BoardFlags {
  readonly file?: string;
  readonly format?: TaskFileFormat;
  readonly id?: string;
  readonly bodyFile?: string;
  readonly lane?: string;
  readonly expects?: string;
}

/** `task add TITLE` and `task add -f FILE`. */
export const addCommand = (desk: TaskDesk): Command =>
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
    )
    .action(async (title: string | undefined, flags: Flags) => {
      if (flags.file === undefined) return addOne(desk, title, flags);
      const single = Object.keys({ ...draftOf(flags), ...given(flags) });
      if (title !== undefined || single.length > 0) {
        throw new WaggleError('usage', {
          message: 'a file says everything about its tasks: expected no title and no field beside -f',
        });
      }
      const { file, format } = flags;
      const text = await readInput(file, desk.session);
      const { addFile } = await import('./add-file.ts');
      return addFile(desk, flags, {
        name: file === '-' ? 'standard input' : file,
        text,
        ...(format === undefined ? {} : { format }),
      });
    });

const given = ({ id, lane, expects, bodyFile }: Flags): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ id, lane, expects, bodyFile }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );

/** As often as a generated id may be taken already. */
const ID_ATTEMPTS = 16;

async function addOne(desk: TaskDesk, title: string | undefined, flags: Flags): Promise<void> {
  if (title === undefined) {
    throw new WaggleError('usage', { message: 'expected a title, or -f with a file of tasks' });
  }
  const body = await bodyOf(flags, desk.session);
  const { bodyFile: _, ...fields } = given(flags);
  const draft = { ...draftOf(flags), ...fields, title, ...(body === undefined ? {} : { body }) };
  // What is wrong with the fields is said before anything is asked of the bus.
  readDraft(draft, 'check', 0);
  const answer = await onBoard(desk, flags, (link) => send(desk, link, draft));
  const [task] = answer.tasks ?? [];
  if (answer.status === 'refused' || task === undefined) {
    const { code = 'invalid', message = 'refused' } = answer;
    desk.refuse(refusalEnvelope(desk.command, { code, message }));
    return;
  }
  const moved = movedTask(task);
  const envelope = okEnvelope(
    desk.command,
    { ...moved, total: 1, tasks: [moved] },
    { warnings: answer.warnings ?? [] },
  );
  desk.succeed(envelope, () => `added ${task.id}${task.state === 'open' ? '' : ` (${task.state})`}`);
}

async function send(
  desk: TaskDesk,
  { client, context }: ProjectLink,
  draft: Readonly<Record<string, unknown>>,
) {
  for (let attempt = 0; ; attempt += 1) {
    const task = readDraft(draft, context.project, attempt);
    const answer = await client.command(
      { v: 1, kind: 'add', id: randomId(), tasks: [task] },
      desk.session.signal,
    );
    const isTaken =
      answer.status === 'refused' && answer.code === 'duplicate-id' && draft['id'] === undefined;
    if (!isTaken || attempt >= ID_ATTEMPTS) return answer;
  }
}

function readDraft(draft: Readonly<Record<string, unknown>>, project: string, attempt: number) {
  const read = readTask(draft, {
    now: systemClock.now(),
    newId: () => newTaskId(project, attempt, randomId),
  });
  if (read.ok) return read.value;
  throw taskFileInvalid(read.problems);
}
