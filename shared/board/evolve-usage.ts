/**
 * What runs tell of themselves, on the board: what they used, counted once for their task, their profile and the day
 * (UTC) of the journal on which it became known.
 *
 * Invariant: what a run used counts once, however often it is told: only what exceeds the told before is added.
 */
import type { EventOf, Usage } from '../../schemas/index.ts';
import { runNoted, runUsed } from './run-records.ts';
import type { Board } from './state.ts';
import { change, taskOf } from './task-change.ts';
import { addUsage, growthOf, mostUsage } from './usage.ts';
import { utcDay } from './usage-book.ts';

export function evolveUsage(board: Board, event: EventOf<'run_used' | 'run_recorded'>, at: number): void {
  const task = taskOf(board, event.task);
  const grant = task.grant?.fence === event.fence ? task.grant : undefined;
  const isWhole = event.type === 'run_recorded';
  if (isWhole && grant === undefined) throw new Error(`grant ${event.fence} of ${task.id} is not live`);
  if (isWhole) runNoted(board.runs, event);
  const { usage } = event;
  const known = grant === undefined ? board.runs.get(event.fence)?.usage : grant.used;
  const more = usage === undefined ? {} : growthOf(known ?? {}, usage);
  const profile = event.profile ?? grant?.profile;
  if (profile !== undefined) {
    board.usage.add(utcDay(at), profile, { runs: isWhole ? 1 : 0, usage: more });
  }
  if (usage === undefined) return;
  const used: Usage = mostUsage(known ?? {}, usage);
  runUsed(board.runs, event.fence, used);
  const inHand = grant === undefined ? {} : { grant: { ...grant, used } };
  change(board, task, { ...inHand, used: addUsage(task.used ?? {}, more) }, at);
}
