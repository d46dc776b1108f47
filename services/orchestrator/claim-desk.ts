/**
 * The claims of a term: those that wait for work, and what is decided of each that comes.
 *
 * 1. A claim, and the report that it brings, is decided once the mail that it names is consumed, and not before.
 * 2. One that waits is looked at again only when something has changed that could help one.
 * 3. Of a slot's claims only the one with the highest number waits; one that came behind it is void.
 */
import type { Claim, Report, ReportAnswer } from '../../schemas/index.ts';
import type { Board } from '../../shared/board/state.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Decided, quiet } from './decided.ts';
import {
  type AnswerHead,
  type ClaimAnswerFn,
  type DecidedClaim,
  decideClaim,
  undecided,
} from './decided-claim.ts';
import type { Judge } from './judge.ts';
import type { LifeSigns } from './life-signs.ts';
import { isAhead, type WaitingClaim, WaitingClaims } from './waiting-claims.ts';

export interface ClaimDeskOptions {
  readonly board: Board;
  readonly judge: Pick<Judge, 'claim'>;
  readonly signs: Pick<LifeSigns, 'held'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Sequence of the mail consumed last, when the term begins. */
  readonly mailSeq: number;
  /** What every answer begins with, as it is when the answer goes out. */
  readonly head: (report: ReportAnswer | undefined) => AnswerHead;
  /** Decides the report that a claim brings: it counts before the claim. */
  readonly report: (from: string, report: Report, now: number) => DecidedReport;
}

type Waiting = WaitingClaim<ClaimAnswerFn>;

/** A report that was decided; `told` is its answer. */
export interface DecidedReport {
  readonly decided: Decided;
  readonly told: () => ReportAnswer | undefined;
}

/** A claim that brings a report waits at least so long for the mail that it names, whatever it says itself. */
const REPORT_WAIT_MS = 2_000;

export class ClaimDesk {
  readonly #options: ClaimDeskOptions;
  readonly #waiting = new WaitingClaims<ClaimAnswerFn>();
  #mailSeq: number;
  /** The highest mail that a claim wanted to be consumed first. */
  #awaited = 0;
  /** The board's chances when claims were looked at last. */
  #offered = -1;
  #isNewThere = false;

  constructor(options: ClaimDeskOptions) {
    this.#options = options;
    this.#mailSeq = options.mailSeq;
  }

  /** Decides a claim that comes, or lets it wait. */
  decide(from: string, claim: Claim, answer: ClaimAnswerFn, now: number): Decided {
    const { clock } = this.#options;
    if (this.#waiting.isVoid(from, claim)) return this.#refuseVoid(from, claim, answer, now);
    const isEarly = isAhead(claim, this.#mailSeq);
    const waitMs =
      isEarly && claim.report !== undefined ? Math.max(claim.wait_ms, REPORT_WAIT_MS) : claim.wait_ms;
    const waiting = { from, claim, until: clock.monotonic() + waitMs, answer, isTried: false };
    const tried = isEarly ? undecided : this.#try(waiting, now);
    const isOver = tried.answer !== undefined || waitMs === 0;
    // Its asker listens to this copy alone: an earlier one that waits must be granted nothing any more.
    if (isOver) this.#waiting.forget(from, claim);
    if (!isOver && this.#waiting.add({ ...waiting, isTried: !isEarly })) this.#isNewThere = true;
    const nothing = () => answer({ ...this.#options.head(undefined), kind: 'nothing' });
    return { ...tried, answer: tried.answer ?? (isOver ? nothing : () => {}) };
  }

  /** What it brought counts all the same, unless its mail is to come: the one that made it void brings that too. */
  #refuseVoid(from: string, claim: Claim, answer: ClaimAnswerFn, now: number): Decided {
    const message = `claim ${claim.number} of slot ${claim.slot} came after a higher one`;
    const refusal = { kind: 'refused', code: 'voided', message, retryable: false } as const;
    const { decided, told } = isAhead(claim, this.#mailSeq) ? none : this.#report({ from, claim }, now);
    const { events, onTooLarge } = decided;
    return {
      events,
      onTooLarge: () => onTooLarge?.(),
      answer: () => {
        decided.answer();
        answer({ ...this.#options.head(told()), ...refusal });
      },
    };
  }

  /** Called with each claim before anything of it is decided: what it makes void must not be granted any more. */
  hear(from: string, claim: Claim): void {
    this.#awaited = Math.max(this.#awaited, claim.after_mail ?? 0);
    this.#waiting.supersede(from, claim);
  }

  /** Mail is consumed up to there. */
  consumed(mailSeq: number): void {
    const before = this.isMailAwaited() ? this.awaitedMails() : undefined;
    this.#mailSeq = Math.max(this.#mailSeq, mailSeq);
    if (before === undefined) return;
    const still = this.awaitedMails();
    if (still.length < before.length) this.#isNewThere = true;
    this.#awaited = Math.max(0, ...still);
  }

  /** Whether a claim may wait for mail that is not consumed yet. */
  isMailAwaited(): boolean {
    return this.#mailSeq < this.#awaited;
  }

  /** The mails that waiting claims want consumed first. */
  awaitedMails(): number[] {
    return this.#waiting.awaited(this.#mailSeq);
  }

  /** Those mails are in no MAIL any more (it was cut): what waits for one of them is decided without. */
  giveUpMails(lost: readonly number[]): void {
    if (this.#waiting.giveUp(lost)) this.#isNewThere = true;
    this.#awaited = Math.max(0, ...this.awaitedMails());
  }

  /** Offers work to the claims that wait, when something has changed that could help one. */
  offer(now: number): Decided[] {
    const { board } = this.#options;
    const decided: Decided[] = [];
    // A claim may end grants of its asker's past, which helps one that was asked before it: ask again then.
    while (this.#offered !== board.chances || this.#isNewThere) {
      this.#offered = board.chances;
      this.#isNewThere = false;
      for (const waiting of this.#waiting.all()) {
        const { claim } = waiting;
        if (isAhead(claim, this.#mailSeq)) continue;
        if (claim.work === 'task' && waiting.isTried && board.ready.size() === 0) continue;
        const { events, answer, onTooLarge } = this.#try(waiting, now);
        if (answer === undefined && !waiting.isTried) this.#waiting.add({ ...waiting, isTried: true });
        if (answer === undefined && events.length === 0) continue;
        if (answer !== undefined) this.#waiting.remove(waiting);
        decided.push({ events, answer: answer ?? (() => {}), onTooLarge });
      }
    }
    return decided;
  }

  /** Answers those whose wait has ended. */
  answerEnded(): void {
    const { clock, head } = this.#options;
    for (const { answer } of this.#waiting.ended(clock.monotonic()))
      answer({ ...head(undefined), kind: 'nothing' });
  }

  /** The earliest end of a wait, by the monotonic clock. */
  nextEnd(): number | undefined {
    return this.#waiting.nextEnd();
  }

  counts(): { task: number; commit: number } {
    return this.#waiting.counts();
  }

  /** Of a claim whose mail is consumed. No answer means that it waits. */
  #try(waiting: Waiting, now: number): DecidedClaim {
    const { board, judge, signs, head } = this.#options;
    const { decided, told } = this.#report(waiting, now);
    const tried = decideClaim({ board, judge, signs, head: () => head(told()) }, waiting, now);
    if (waiting.claim.report === undefined) return tried;
    // One that brought a report is answered at once, so that the worker hears what became of it.
    const say = tried.answer ?? (() => waiting.answer({ ...head(told()), kind: 'nothing' }));
    return {
      events: [...decided.events, ...tried.events],
      onTooLarge: () => {
        decided.onTooLarge?.();
        tried.onTooLarge();
      },
      answer: () => {
        decided.answer();
        say();
      },
    };
  }

  #report({ from, claim: { report } }: Pick<Waiting, 'from' | 'claim'>, now: number): DecidedReport {
    return report === undefined ? none : this.#options.report(from, report, now);
  }
}

const none: DecidedReport = { decided: quiet, told: () => undefined };
