/**
 * Decides what a beat says of a run under way. Journaled only where a budget has to hear of it, and in steps: a beat
 * must not cost a batch.
 */
import type { Event, Usage } from '../../schemas/index.ts';
import { isWorthTelling, reached } from './budgets.ts';
import { PROFILES_FORMAT } from './format.ts';
import type { Board } from './state.ts';
import { growthOf } from './usage.ts';

export interface UsageInput {
  readonly from: string;
  readonly fence: number;
  /** All that the run has used so far. */
  readonly usage: Usage;
}

/** Whether anything would follow; cheap, so that most beats cost no more than this. */
export const concerns = (board: Board, input: UsageInput): boolean => runOf(board, input) !== undefined;

function runOf(board: Board, { from, fence, usage }: UsageInput) {
  if (board.format < PROFILES_FORMAT) return undefined;
  const task = board.tasks.get(board.grants.get(fence) ?? '');
  const grant = task?.grant;
  if (task === undefined || grant?.kind !== 'work' || grant.agent !== from) return undefined;
  return isWorthTelling(board, grant, usage) ? { task, grant } : undefined;
}

export function decideUsage(board: Board, input: UsageInput, now: number): readonly Event[] {
  const run = runOf(board, input);
  if (run === undefined) return [];
  const { task, grant } = run;
  const { from, fence, usage } = input;
  const { profile } = grant;
  const more = growthOf(grant.used ?? {}, usage);
  return [
    {
      type: 'run_used',
      task: task.id,
      fence,
      agent: from,
      ...(profile === undefined ? {} : { profile }),
      usage,
    },
    ...reached(board, task, profile, more, now),
  ];
}
