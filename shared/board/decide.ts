/**
 * One door to all decisions. `decide` is pure: same board, input and time give the same events and answer.
 * Time never goes back: the caller gives a `now` that is not below the board's last.
 */
import type { Event, ReportAnswer } from '../../schemas/index.ts';
import { type ClaimDecision, type ClaimInput, decideAsker, decidePick } from './decide-claim.ts';
import { type CommandInput, decideCommand } from './decide-command.ts';
import { decideReport, type ReportInput } from './decide-report.ts';
import type { Answer, Decision } from './decision.ts';
import { evolve } from './evolve.ts';
import { passTime } from './readiness.ts';
import type { Board } from './state.ts';

export interface Applied<A> {
  readonly events: Event[];
  readonly answer: A;
}

/** Decides a command and applies its events. */
export function applyCommand(board: Board, input: CommandInput, now: number): Applied<Answer> {
  passTime(board, now);
  return apply(board, decideCommand(board, input, now), now);
}

/** Decides a report and applies its events. */
export function applyReport(board: Board, input: ReportInput, now: number): Applied<ReportAnswer> {
  passTime(board, now);
  return apply(board, decideReport(board, input, now), now);
}

/** Decides a claim in its two steps and applies the events of both. */
export function applyClaim(board: Board, input: ClaimInput, now: number): Applied<ClaimDecision> {
  passTime(board, now);
  const asker = apply(board, decideAsker(board, input, now), now);
  if (asker.answer.kind !== 'go') return { events: asker.events, answer: asker.answer };
  const pick = apply(board, decidePick(board, input, now), now);
  return { events: [...asker.events, ...pick.events], answer: pick.answer };
}

function apply<A>(board: Board, decision: Decision<A>, now: number): Applied<A> {
  for (const event of decision.events) evolve(board, event, now);
  return { events: [...decision.events], answer: decision.answer };
}
