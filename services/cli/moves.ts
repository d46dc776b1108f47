/**
 * What became of tasks that somebody moved or edited: for people, and as the tracker's envelope. Pure.
 */
import type { CommandAnswer, TaskResult, TaskView } from '../../schemas/index.ts';
import {
  type ErrorEnvelope,
  type MovedTask,
  movedEnvelope,
  movedTask,
  type OkEnvelope,
  okEnvelope,
  refusalEnvelope,
  refusalExitCode,
} from './task-envelope.ts';

type MovedVerb = 'start' | 'close' | 'block' | 'reopen' | 'retry' | 'cancel' | 'edit';

/** One task: as it was before, and the board's answer. */
export interface Moved {
  readonly verb: MovedVerb;
  /** Who asked. */
  readonly by: string;
  readonly view: TaskView;
  readonly answer: CommandAnswer;
}

/** One task in the tracker's shape; several as `total` and `tasks`; an error when any of them was refused. */
export function movesEnvelope(
  command: string,
  moved: readonly Moved[],
): OkEnvelope<MovedTask | { total: number; tasks: MovedTask[] }> | ErrorEnvelope {
  const refusals = moved.filter(({ answer }) => answer.status === 'refused');
  const done = moved.filter(({ answer }) => answer.status === 'ok').map(resultOf);
  const [worst] = refusals.toSorted((a, b) => exitCode(b) - exitCode(a));
  if (worst !== undefined) return refused(command, worst, refusals, done, moved.length);
  const warnings = moved.flatMap(warningsOf);
  const [only] = done;
  if (only !== undefined && done.length === 1) return movedEnvelope(command, only, { warnings });
  return okEnvelope(command, { total: done.length, tasks: done.map(movedTask) }, { warnings });
}

/** A line a task. */
export function movesText(moved: readonly Moved[]): string {
  return moved.map((one) => `${one.view.task.id}: ${outcomeText(one)}`).join('\n');
}

/** Of the tasks together: whose refusal weighs most speaks for all, and each is named in the details. */
function refused(
  command: string,
  worst: Moved,
  refusals: readonly Moved[],
  done: readonly TaskResult[],
  total: number,
): ErrorEnvelope {
  const { code = 'invalid' } = worst.answer;
  const message = refusals.map(({ answer }) => answer.message ?? 'refused').join('\n');
  const details =
    total === 1
      ? {}
      : {
          done: done.map(movedTask),
          refused: refusals.map(({ view, answer }) => ({
            id: view.task.id,
            reason: answer.code ?? 'invalid',
            message: answer.message ?? 'refused',
          })),
        };
  return refusalEnvelope(command, { code, message, details });
}

function exitCode({ answer }: Moved): number {
  return refusalExitCode(answer.code ?? 'invalid');
}

/** What the board says of the task; without a word it is as it was. */
function resultOf({ view, answer }: Moved): TaskResult {
  const { id, state, revision } = view.task;
  return answer.tasks?.find((task) => task.id === id) ?? { id, state, revision };
}

const past: Readonly<Record<MovedVerb, string>> = {
  start: 'started',
  close: 'closed',
  block: 'blocked',
  reopen: 'reopened',
  retry: 'opened for another try',
  cancel: 'cancelled',
  edit: 'changed',
};

function outcomeText(moved: Moved): string {
  const { verb, view } = moved;
  const result = resultOf(moved);
  if (result.deferred === true) {
    return `recorded; the committer has it: the ${verb} takes effect unless the commit stands in the branch already`;
  }
  if (result.revision === view.task.revision) {
    return verb === 'start' ? 'already in progress by you' : `nothing to do, it is ${result.state}`;
  }
  return verb === 'edit' ? `changed (revision ${result.revision})` : past[verb];
}

function warningsOf(moved: Moved): string[] {
  const { verb, by, view, answer } = moved;
  const own = answer.warnings ?? [];
  const result = resultOf(moved);
  const owner = view.task.grant?.agent;
  if (verb === 'start' && owner !== undefined && owner !== by && result.revision !== view.task.revision) {
    return [...own, `ownership takeover: ${owner} -> ${by}`];
  }
  if (result.deferred === true) return [...own, `${result.id}: ${outcomeText(moved)}`];
  return [...own];
}
