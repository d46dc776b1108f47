/**
 * `task add`: one task from flags, or all tasks of a file.
 */
import type { Command } from 'commander';
import { systemClock } from '../../../../shared/clock.ts';
import { readTask, taskFileInvalid } from '../../../../shared/config/task-file.ts';
import { newTaskId } from '../../../../shared/config/task-ids.ts';
import { WaggleError } from '../../../../shared/errors.ts';
import { randomId } from '../../../../shared/random.ts';
import type { ProjectLink } from '../../session.ts';
import { draftOf } from '../../task-draft.ts';
import { movedTask, okEnvelope, refusalEnvelope } from '../../task-envelope.ts';
import { type AddFlags, addParser, draftFrom, givenFields } from './add-flags.ts';
import { readInput } from './body.ts';
import { onBoard, type TaskDesk } from './desk.ts';

/** `task add TITLE` and `task add -f FILE`. */
export const addCommand = (desk: TaskDesk): Command =>
  addParser().action(async (title: string | undefined, flags: AddFlags) => {
    if (flags.file === undefined) return addOne(desk, title, flags);
    const single = Object.keys({ ...draftOf(flags), ...givenFields(flags) });
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

/** As often as a generated id may be taken already. */
const ID_ATTEMPTS = 16;

async function addOne(desk: TaskDesk, title: string | undefined, flags: AddFlags): Promise<void> {
  const draft = await draftFrom(title, flags, desk.session);
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
