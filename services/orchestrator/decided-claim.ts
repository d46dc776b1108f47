/**
 * A claim that was decided: what goes into the journal, and how it is answered once that is stored.
 */
import type { ClaimAnswer, Event } from '../../schemas/index.ts';
import { grantView } from '../../shared/board/decide-claim.ts';
import type { Board } from '../../shared/board/state.ts';
import type { Judge } from './judge.ts';
import type { LifeSigns } from './life-signs.ts';
import type { WaitingClaim } from './waiting-claims.ts';

export type ClaimAnswerFn = (answer: ClaimAnswer) => void;

export interface DecidedClaim {
  readonly events: readonly Event[];
  /** Undefined: it waits. */
  readonly answer: (() => void) | undefined;
  readonly onTooLarge: () => void;
}

export type AnswerHead = Pick<ClaimAnswer, 'v' | 'term' | 'genesis' | 'journal_seq' | 'report'>;

interface Deciding {
  readonly board: Board;
  readonly judge: Pick<Judge, 'claim'>;
  readonly signs: Pick<LifeSigns, 'held'>;
  /** What every answer begins with, as it is when the answer goes out. */
  readonly head: () => AnswerHead;
}

/** Of a claim that cannot be decided yet. */
export const undecided: DecidedClaim = { events: [], answer: undefined, onTooLarge: () => {} };

export function decideClaim(
  { board, judge, signs, head }: Deciding,
  { from, claim, answer }: WaitingClaim<ClaimAnswerFn>,
  now: number,
): DecidedClaim {
  const { events, answer: decision, spoil } = judge.claim(from, claim, now);
  const done = { events, onTooLarge: spoil };
  if (decision.kind === 'wait') {
    // One that leaves asks for nothing: it only has to know that it was decided.
    const nothing = () => answer({ ...head(), kind: 'nothing' });
    return { ...done, answer: claim.leaving === true ? nothing : undefined };
  }
  if (decision.kind !== 'granted') return { ...done, answer: () => answer({ ...head(), ...decision }) };
  signs.held(from, decision.fence);
  // The view is taken now: by the time of the answer the board may have moved on to the next batch.
  const grant = grantView(board, decision.fence, claim.capabilities.offers !== undefined);
  return {
    ...done,
    answer: () => {
      if (grant !== undefined) answer({ ...head(), kind: 'granted', grant });
    },
  };
}
