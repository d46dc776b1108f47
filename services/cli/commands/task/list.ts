/**
 * `task ready`, `task list` and `task count`: which tasks there are.
 */
import type { Command } from 'commander';
import type { TaskView } from '../../../../schemas/index.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { positive } from '../../arguments.ts';
import { inListOrder, inReadyOrder } from '../../listing-order.ts';
import { countEnvelope, listEnvelope } from '../../task-envelope.ts';
import {
  addTo,
  isWanted,
  priorityWord,
  statesWord,
  type TaskFilter,
  wantedStates,
} from '../../task-filter.ts';
import { taskTable } from '../../task-text.ts';
import { type BoardFlags, onBoard, type TaskDesk, verb } from './desk.ts';
import { fetchTasks } from './listing.ts';

interface Flags extends TaskFilter, BoardFlags {
  readonly limit?: number;
  readonly ready?: boolean;
}

const filtered = (command: Command): Command =>
  command
    .option('--label <label>', 'only with this label (repeat it: with all of them)', addTo, [])
    .option('--lane <lane>', 'only of this lane')
    .option('--priority <priorities>', 'only of these priorities: P0,P1', priorityWord);

const byState = (command: Command): Command =>
  command
    .option(
      '--status <words>',
      'only open, in_progress, blocked, closed, failed, cancelled (by commas)',
      statesWord,
    )
    .option(
      '--state <words>',
      "only these states of Waggle's own: claimed, submitted, committing, …",
      statesWord,
    );

/** `task ready`: what a worker could begin now, in the order in which it is handed out. */
export const readyCommand = (desk: TaskDesk): Command =>
  filtered(verb('ready', 'list the tasks that nothing holds back'))
    .option('-n, --limit <count>', 'at most so many', positive)
    .action(async (flags: Flags) => {
      const views = await onBoard(desk, flags, ({ client }) =>
        fetchTasks(client, { ready: true }, desk.session.signal),
      );
      const ready = views.filter((view) => view.ready && isWanted(view, flags));
      show(desk, inReadyOrder(ready), flags, 'no task is ready');
    });

/** `task list`: all tasks, or those of some states. */
export const listCommand = (desk: TaskDesk): Command =>
  byState(filtered(verb('list', 'list tasks: live ones first')))
    .option('-n, --limit <count>', 'at most so many', positive)
    .action(async (flags: Flags) => {
      show(desk, inListOrder(await wanted(desk, flags)), flags, 'no such task');
    });

/** `task count`: how many. */
export const countCommand = (desk: TaskDesk): Command =>
  byState(filtered(verb('count', 'count tasks')))
    .option('--ready', 'only those that nothing holds back')
    .action(async (flags: Flags) => {
      const total = (await plainCount(desk, flags)) ?? (await wanted(desk, flags)).length;
      desk.succeed(countEnvelope(desk.command, total), () => String(total));
    });

async function wanted(desk: TaskDesk, flags: Flags): Promise<TaskView[]> {
  const states = wantedStates(flags);
  const question = {
    ...(states === undefined ? {} : { states }),
    ...(flags.ready === true ? { ready: true } : {}),
  };
  const views = await onBoard(desk, flags, ({ client }) => fetchTasks(client, question, desk.session.signal));
  return views.filter((view) => isWanted(view, flags) && (flags.ready !== true || view.ready));
}

/** The board keeps counts by state; for anything finer the tasks are looked at. */
async function plainCount(desk: TaskDesk, flags: Flags): Promise<number | undefined> {
  const { label, lane, priority, ready } = flags;
  const states = wantedStates(flags);
  if (lane !== undefined || priority !== undefined || label.length > 0) return undefined;
  if (ready === true && states !== undefined) return undefined;
  const counts = await onBoard(desk, flags, ({ client }) =>
    client.query({ v: 1, kind: 'counts' }, desk.session.signal),
  );
  if (ready === true) return counts.ready;
  return states === undefined
    ? counts.total
    : states.reduce((sum, state) => sum + (counts.states[state] ?? 0), 0);
}

function show(desk: TaskDesk, views: readonly TaskView[], { limit, project }: Flags, none: string): void {
  const shown = limit === undefined ? views : views.slice(0, limit);
  const more = views.length - shown.length;
  const envelope = listEnvelope(desk.command, shown, {
    total: views.length,
    ...(project === undefined ? {} : { project }),
  });
  desk.succeed(envelope, () => {
    if (views.length === 0) return none;
    const rest = more === 0 ? '' : `and ${more} more\n`;
    return taskTable(shown, { now: systemClock.now(), paint: desk.output.paint }) + rest;
  });
}
