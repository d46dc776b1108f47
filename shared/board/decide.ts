/**
 * One door to all decisions. `decide` is pure: same board, input and time give the same events and answer.
 * Time never goes back: the caller gives a `now` that is not below the board's last.
 */
import type { Event, ReportAnswer } from '../../schemas/index.ts';
import { messageOf } from '../errors.ts';
import { type ClaimDecision, type ClaimInput, decideAsker, decidePick } from './decide-claim.ts';
import { type CommandInput, decideCommand } from './decide-command.ts';
import { decideMail, lookAt, type MailInput, type Sighting } from './decide-letters.ts';
import { decideReport, type ReportInput } from './decide-report.ts';
import { decideUsage, type UsageInput } from './decide-usage.ts';
import { type Answer, type Decision, declined, refused } from './decision.ts';
import { evolve } from './evolve.ts';
import { formatOf } from './format.ts';
import { passTime } from './readiness.ts';
import type { Board } from './state.ts';

export interface Applied<A> {
  readonly events: Event[];
  readonly answer: A;
}

/**
 * An event could not be applied: the board may hold half a decision and must be folded anew. Any other error
 * of the functions below comes from deciding and left the board as it was.
 */
export class BoardBroken extends Error {
  override readonly name = 'BoardBroken';
}

/** Decides a command and applies its events, unless `fits` says that they cannot be stored. */
export function applyCommand(
  board: Board,
  input: CommandInput,
  now: number,
  fits: (events: readonly Event[]) => boolean = () => true,
): Applied<Answer> {
  passTime(board, now);
  const decision = decideCommand(board, input, now);
  const needed = neededFormat(board, decision.events);
  if (needed !== undefined) {
    return { events: [], answer: refused('needs-format', formatMessage(board, needed)).answer };
  }
  if (!fits(decision.events)) {
    const { answer } = refused(
      'too-large',
      'the command is too large for one journal message; send it in parts',
    );
    return { events: [], answer };
  }
  return apply(board, decision, now);
}

/** Decides a report and applies its events. */
export function applyReport(board: Board, input: ReportInput, now: number): Applied<ReportAnswer> {
  passTime(board, now);
  const decision = decideReport(board, input, now);
  const needed = neededFormat(board, decision.events);
  if (needed !== undefined) {
    return {
      events: [],
      answer: declined(input.report, 'needs-format', formatMessage(board, needed)).answer,
    };
  }
  return apply(board, decision, now);
}

/** Decides a mail that was stored, beside the report that it may carry, and applies what follows. */
export function applyMail(board: Board, input: MailInput, now: number): Applied<undefined> {
  passTime(board, now);
  return apply(board, { events: decideMail(board, input, now), answer: undefined }, now);
}

/** Looks at a letter whose time may have come; the answer is when to look again (journal time). */
export function applyLook(
  board: Board,
  { seq, sight }: { readonly seq: number; readonly sight: Sighting },
  now: number,
): Applied<number | undefined> {
  passTime(board, now);
  const letter = board.letters.watched.get(seq);
  const { event, again } = letter === undefined ? {} : lookAt(board, letter, sight, now);
  return apply(board, { events: event === undefined ? [] : [event], answer: again }, now);
}

/** Decides what a run under way is said to have used, and applies what follows. */
export function applyUsage(board: Board, input: UsageInput, now: number): Applied<undefined> {
  passTime(board, now);
  return apply(board, { events: decideUsage(board, input, now), answer: undefined }, now);
}

/** Decides a claim in its two steps and applies the events of both. */
export function applyClaim(board: Board, input: ClaimInput, now: number): Applied<ClaimDecision> {
  passTime(board, now);
  const asker = apply(board, decideAsker(board, input, now), now);
  if (asker.answer.kind !== 'go') return { events: asker.events, answer: asker.answer };
  if (input.claim.leaving === true) return { events: asker.events, answer: { kind: 'wait' } };
  const pick = apply(board, pickOrRefuse(board, input, now), now);
  return { events: [...asker.events, ...pick.events], answer: pick.answer };
}

/** The format that the journal would have to be in to hold the events; undefined when it is. */
function neededFormat(board: Board, events: readonly Event[]): number | undefined {
  const newer = events.find((event) => formatOf(event) > board.format);
  return newer === undefined ? undefined : formatOf(newer);
}

const formatMessage = (board: Board, needed: number): string =>
  `the journal is in format ${board.format} and this needs ${needed}: when all orchestrators are of this version, run \`waggle format ${needed}\``;

/** The asker's events stand already, so an error in picking becomes a refusal instead of losing them. */
function pickOrRefuse(board: Board, input: ClaimInput, now: number): Decision<ClaimDecision> {
  try {
    return decidePick(board, input, now);
  } catch (error) {
    const message = `the claim could not be decided: ${messageOf(error)}`;
    return { events: [], answer: { kind: 'refused', code: 'undecidable', message, retryable: true } };
  }
}

function apply<A>(board: Board, decision: Decision<A>, now: number): Applied<A> {
  for (const event of decision.events) {
    try {
      evolve(board, event, now);
    } catch (error) {
      throw new BoardBroken(`event ${event.type} does not fit the board: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return { events: [...decision.events], answer: decision.answer };
}
