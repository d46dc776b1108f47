/**
 * How a live grant ends: the `grant_ended` event for each way, with the counters, times and next state that
 * follow. Every way but a good end is bounded, so that every task ends (DESIGN 4).
 */
import type { Attachment, EventOf, Grant, GrantEnd, Outcome, Task, Usage } from '../../schemas/index.ts';
import { backoffMs } from './backoff.ts';
import { usedUpText } from './budget-words.ts';
import { isPaused, taskMark } from './budgets.ts';
import { clip } from './decision.ts';
import type { Board } from './state.ts';

type Ended = EventOf<'grant_ended'>;
export type EndFields = Partial<Omit<Ended, 'type' | 'task' | 'agent' | 'end'>> & {
  readonly to: Ended['to'];
};

/** The event with the counters as they are, changed by `fields`. */
export function ended(
  task: Task,
  grant: Grant,
  why: GrantEnd['why'],
  fields: EndFields,
  report?: string,
): Ended {
  const end: GrantEnd = {
    fence: grant.fence,
    run: grant.run,
    why,
    ...(report === undefined ? {} : { report }),
  };
  return {
    type: 'grant_ended',
    task: task.id,
    agent: grant.agent,
    end,
    attempts: task.attempts,
    losses: task.losses,
    conflicts: task.conflicts,
    ...fields,
  };
}

/** A note for the next try. */
export function attachment(kind: Attachment['kind'], fence: number, at: number, text: string): Attachment {
  return { kind, fence, at, text: clip(text, 8192) };
}

/** Whether a run was ended because its task's budget is used up: neither the task's try nor its profile has failed. */
export function isSpent(board: Board, task: Task, outcome: Outcome, more: Usage = {}): boolean {
  return outcome === 'timed_out' && isPaused(taskMark(board, task, more));
}

/** A task with too little left of its own budget is not opened again by itself: a person says whether it is worth more. */
export function inBudget(board: Board, task: Task, fields: EndFields, more: Usage = {}): EndFields {
  const mark = fields.to === 'open' ? taskMark(board, task, more) : undefined;
  if (mark === undefined || !isPaused(mark)) return fields;
  const { retry_at: _, ...rest } = fields;
  const hint = `\`waggle answer\` or \`waggle task reopen ${task.id}\` gives it another budget`;
  return { ...rest, to: 'blocked', reason: clip(`${usedUpText(mark)}; ${hint}`, 1000) };
}

/** A try failed and counts: back to open with backoff, or `failed` past the bound. */
export function afterAttempt(
  board: Board,
  task: Task,
  fence: number,
  now: number,
  reason: string,
  outcome?: Outcome,
): EndFields {
  const attempts = task.attempts + 1;
  const max = task.max_attempts ?? board.config.policies.max_attempts;
  const common = { attempts, conflicts: 0, ...(outcome === undefined ? {} : { outcome }) };
  if (attempts >= max) {
    return {
      ...common,
      to: 'failed',
      reason: clip(`${attempts} of ${max} attempts failed; last: ${reason}`, 1000),
    };
  }
  const wait = backoffMs(board.config.policies, attempts, `${task.id}/${fence}`);
  return { ...common, to: 'open', retry_at: now + wait };
}

/** The worker was lost with the task in hand: back to open, or `failed` past the bound. */
export function afterLoss(board: Board, task: Task, fence: number, now: number, reason: string): EndFields {
  const losses = task.losses + 1;
  const max = board.config.policies.max_losses;
  const note = attachment('loss', fence, now, reason);
  if (losses >= max) {
    return {
      losses,
      to: 'failed',
      attachment: note,
      reason: clip(`lost ${losses} times (bound ${max}); last: ${reason}`, 1000),
    };
  }
  return { losses, to: 'open', attachment: note };
}

/**
 * How many committers died with the task's present submission in hand. A committer that only gave it back, or never
 * began with it, did not.
 */
export function committersLost(board: Board, task: Task): number {
  const { submission } = task;
  if (submission === undefined) return 0;
  let count = 0;
  for (const { task: id, kind, fence, why } of board.runs.values()) {
    const isOfIt = id === task.id && kind === 'commit' && fence > submission.fence;
    if (isOfIt && (why === 'takeover' || why === 'restarted')) count += 1;
  }
  return count;
}

/** What becomes of a grant whose owner is gone, by its kind: a commit goes back to the queue, unresolved. */
export function lost(
  board: Board,
  task: Task,
  grant: Grant,
  why: GrantEnd['why'],
  now: number,
  reason: string,
  report?: string,
): Ended {
  switch (grant.kind) {
    case 'commit':
      return ended(task, grant, why, { to: 'submitted', reason: clip(reason, 1000) }, report);
    case 'manual':
      return ended(task, grant, why, { to: 'open' }, report);
    case 'work':
      return ended(
        task,
        grant,
        why,
        inBudget(board, task, afterLoss(board, task, grant.fence, now, reason)),
        report,
      );
  }
}
