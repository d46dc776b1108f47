/**
 * `task show`: everything that the board and the journal say about one task.
 */
import type { Command } from 'commander';
import { systemClock } from '../../../../shared/clock.ts';
import type { JournalEvent } from '../../event-words.ts';
import { showEnvelope } from '../../task-envelope.ts';
import { taskText } from '../../task-text.ts';
import { iso } from '../../tracker-record.ts';
import { type BoardFlags, onBoard, type TaskDesk, verb } from './desk.ts';
import { readHistory } from './history.ts';

/** `task show ID`. */
export const showCommand = (desk: TaskDesk): Command =>
  verb('show', 'show everything about one task')
    .argument('<id>', 'its id, or a beginning of it that no other has')
    .action(async (id: string, flags: BoardFlags) => {
      const { signal } = desk.session;
      const { view, history } = await onBoard(desk, flags, async ({ client }) => {
        const answer = await client.query({ v: 1, kind: 'task', id }, signal);
        return { view: answer.view, history: await readHistory(client, answer.view.task.id, signal) };
      });
      const envelope = showEnvelope(desk.command, view, {
        ...(flags.project === undefined ? {} : { project: flags.project }),
        events: history.events.map(eventRecord),
        warnings: history.isWhole ? [] : ['older events of this task are out of reach'],
      });
      desk.succeed(envelope, () =>
        taskText(view, history.events, { now: systemClock.now(), paint: desk.output.paint }),
      );
    });

/** As the journal has it, with its time, and the task by its id alone. */
function eventRecord({ seq, at, event }: JournalEvent): object {
  const own =
    event.type === 'task_added' ? { ...event, task: event.task.id, by: event.task.created_by } : event;
  return { seq, timestamp: iso(at), ...own };
}
