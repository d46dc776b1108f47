/**
 * The single writer of a term: takes what waits, decides it in order, appends one batch, and answers nobody
 * before the PubAck (DESIGN 2.1, group commit).
 *
 * Invariants:
 * 1. Answers and queries use acked state only: queries run between batches, when nothing is undecided.
 * 2. The board is thrown away with its writer: after `journal-refused` or a broken board nothing is answered.
 * 3. An input whose decision throws, or whose events cannot be stored, is refused by name; it never stops the others.
 */
import type {
  Claim,
  ClaimAnswer,
  Command,
  CommandAnswer,
  Event,
  Report,
  ReportAnswer,
} from '../../schemas/index.ts';
import { applyClaim, applyCommand, applyReport, BoardBroken } from '../../shared/board/decide.ts';
import { type ClaimDecision, grantView } from '../../shared/board/decide-claim.ts';
import { evolve } from '../../shared/board/evolve.ts';
import { passTime } from '../../shared/board/readiness.ts';
import type { Board } from '../../shared/board/state.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { BatchStore, Group, Position } from './batch-store.ts';
import type { LifeSigns } from './life-signs.ts';
import { type WaitingClaim, WaitingClaims } from './waiting-claims.ts';

export interface WriterOptions {
  readonly board: Board;
  readonly position: Position;
  readonly store: BatchStore;
  readonly signs: LifeSigns;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPayloadBytes: number;
}

type ClaimAnswerFn = (answer: ClaimAnswer) => void;
type Waiting = WaitingClaim<ClaimAnswerFn>;

/** A decided input: its events, and how to answer once they are stored. */
interface Decided {
  readonly events: readonly Event[];
  readonly answer: () => void;
}
type Work = (now: number) => Decided;

const MAX_INPUTS = 512;

export class Writer {
  readonly #options: WriterOptions;
  readonly #board: Board;
  readonly #position: Position;
  readonly #inputs: Work[] = [];
  readonly #queries: ((now: number) => void)[] = [];
  readonly #waiting = new WaitingClaims<ClaimAnswerFn>();
  #mailSeq: number;
  #offered = -1;
  #newWaiter = false;
  #wake = (): void => {};
  #leaving = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#board = options.board;
    this.#position = options.position;
    this.#mailSeq = options.position.mailSeq;
  }

  command(from: string, command: Command, answer: (answer: CommandAnswer) => void): void {
    this.#take((now) => {
      const reply = (fields: Omit<CommandAnswer, 'v' | 'id' | 'term' | 'journal_seq'>) => () =>
        answer({ v: 1, id: command.id, term: this.#board.term, journal_seq: this.#position.seq, ...fields });
      try {
        // All or nothing; what follows from other commands may be told in several batches.
        const isWhole = command.kind === 'add' || command.kind === 'configure';
        const { store } = this.#options;
        const fits = (events: readonly Event[]) =>
          store.fits(events) || (!isWhole && events.every((event) => store.fits([event])));
        const applied = applyCommand(this.#board, { from, command }, now, fits);
        const { tasks, warnings, problems, ...rest } = {
          tasks: undefined,
          warnings: undefined,
          problems: undefined,
          ...applied.answer,
        };
        return {
          events: applied.events,
          answer: reply({
            ...rest,
            ...(tasks === undefined ? {} : { tasks: [...tasks] }),
            ...(warnings === undefined ? {} : { warnings: [...warnings] }),
            ...(problems === undefined ? {} : { problems: [...problems].slice(0, 100) }),
          }),
        };
      } catch (error) {
        const message = this.#undecidable('command', from, error);
        return { events: [], answer: reply({ status: 'refused', code: 'undecidable', message }) };
      }
    });
  }

  /** A report from MAIL; `seq` is consumed whatever becomes of it. */
  mail(from: string, report: Report | undefined, seq: number, answer: (answer: ReportAnswer) => void): void {
    this.#take((now) => {
      const before = this.#mailSeq;
      this.#mailSeq = Math.max(before, seq);
      const isAwaited = ({ claim }: Waiting) => isAhead(claim, before) && !isAhead(claim, this.#mailSeq);
      if (this.#waiting.all().some(isAwaited)) this.#newWaiter = true;
      if (report === undefined) return { events: [], answer: () => {} };
      return this.#report(from, report, now, answer);
    });
  }

  claim(from: string, claim: Claim, answer: ClaimAnswerFn): void {
    this.#take((now) => {
      this.#waiting.supersede(from, claim);
      let told: ReportAnswer | undefined;
      const before =
        claim.report === undefined
          ? undefined
          : this.#report(from, claim.report, now, (reported) => {
              told = reported;
            });
      if (this.#waiting.isVoid(from, claim)) {
        const message = `claim ${claim.number} of slot ${claim.slot} came after a higher one`;
        const refusal = { kind: 'refused', code: 'voided', message, retryable: false } as const;
        return {
          events: before?.events ?? [],
          answer: () => {
            before?.answer();
            answer({ ...this.#head(told), ...refusal });
          },
        };
      }
      const until = this.#options.clock.monotonic() + (claim.report === undefined ? claim.wait_ms : 0);
      const waiting: Waiting = { from, claim, until, answer };
      const { events, answer: say } = this.#tryClaim(waiting, now, () => told);
      if (say === undefined) {
        // A claim that brought a report is answered at once, so that the worker hears what became of it.
        if (claim.report !== undefined || claim.wait_ms === 0) {
          return {
            events: [...(before?.events ?? []), ...events],
            answer: () => {
              before?.answer();
              answer({ ...this.#head(told), kind: 'nothing' });
            },
          };
        }
        if (this.#waiting.add(waiting)) this.#newWaiter = true;
        return { events: [...(before?.events ?? []), ...events], answer: () => before?.answer() };
      }
      return {
        events: [...(before?.events ?? []), ...events],
        answer: () => {
          before?.answer();
          say();
        },
      };
    });
  }

  /** Runs `ask` when the board holds acked state only. */
  query(ask: (board: Board, now: number) => void): void {
    this.#queries.push((now) => ask(this.#board, now));
    this.#wake();
  }

  waitingCounts(): { task: number; commit: number } {
    return this.#waiting.counts();
  }

  /** Number of MAIL messages consumed, as the next batch will say. */
  mailSeq(): number {
    return this.#mailSeq;
  }

  /**
   * Appends the first events of the term, then works until the signal aborts. Errors: `journal-refused`,
   * `BoardBroken`: the board must be discarded.
   */
  async run(first: readonly Event[], led: () => void, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    const now = this.#now();
    for (const event of first) evolve(this.#board, event, now);
    await this.#options.store.append([{ events: first, mailSeq: this.#mailSeq }], now, signal);
    led();
    while (!signal.aborted) {
      if (this.#isQuiet() && this.#leaving) return;
      await this.#idle(signal);
      if (signal.aborted) return;
      await this.#turn(signal);
    }
  }

  /** Lets `run` end once everything that was taken is answered; claims that wait are sent again to the next leader. */
  leave(): void {
    this.#leaving = true;
    this.#wake();
  }

  #isQuiet(): boolean {
    return this.#inputs.length === 0 && this.#queries.length === 0;
  }

  #take(work: Work): void {
    this.#inputs.push(work);
    this.#wake();
  }

  #now(): number {
    this.#position.at = Math.max(this.#position.at, this.#options.clock.now());
    return this.#position.at;
  }

  /** Resolves when there is something to do: input, a query, the end of a wait, a task's time. */
  async #idle(signal: AbortSignal): Promise<void> {
    if (!this.#isQuiet()) return;
    const { clock } = this.#options;
    const due = this.#board.ready.nextDue();
    const waits = this.#waiting.nextEnd();
    const delays = [
      ...(due === undefined ? [] : [due - clock.now()]),
      ...(waits === undefined ? [] : [waits - clock.monotonic()]),
    ];
    const timer = new AbortController();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (signal.aborted || this.#leaving) resolve();
      if (delays.length === 0) return;
      // At most an hour: longer delays would overflow the timer; waking early is harmless.
      const delay = Math.min(Math.max(Math.min(...delays), 1), 3_600_000);
      clock.sleep(delay, timer.signal).then(resolve, () => undefined);
    });
    timer.abort();
    this.#wake = () => {};
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const now = this.#now();
    passTime(this.#board, now);
    for (const query of this.#queries.splice(0)) query(now);
    const groups: Group[] = [];
    const decided = this.#inputs.splice(0, MAX_INPUTS).map((work) => {
      const done = work(now);
      groups.push({ events: done.events, mailSeq: this.#mailSeq });
      return done;
    });
    for (const offered of this.#offer(now)) {
      decided.push(offered);
      groups.push({ events: offered.events, mailSeq: this.#mailSeq });
    }
    await this.#options.store.append(groups, now, signal);
    for (const { answer } of decided) answer();
    for (const { answer } of this.#waiting.ended(this.#options.clock.monotonic())) {
      answer({ ...this.#head(undefined), kind: 'nothing' });
    }
  }

  /** Offers work to the claims that wait, when something has changed that could help one. */
  #offer(now: number): Decided[] {
    const decided: Decided[] = [];
    // A claim may end grants of its asker's past, which helps one that was asked before it: ask again then.
    while (this.#offered !== this.#board.chances || this.#newWaiter) {
      this.#offered = this.#board.chances;
      this.#newWaiter = false;
      for (const waiting of this.#waiting.all()) {
        const { claim } = waiting;
        if (isAhead(claim, this.#mailSeq)) continue;
        // One that waited for its mail has not been decided at all yet.
        const isNew = claim.after_mail !== undefined;
        if (claim.work === 'task' && !isNew && this.#board.ready.size() === 0) continue;
        const { events, answer } = this.#tryClaim(waiting, now, () => undefined);
        if (answer === undefined && events.length === 0) continue;
        if (answer !== undefined) this.#waiting.remove(waiting);
        decided.push({ events, answer: answer ?? (() => {}) });
      }
    }
    return decided;
  }

  /** Decides a claim; no answer means that it waits. */
  #tryClaim(
    { from, claim, answer }: Waiting,
    now: number,
    told: () => ReportAnswer | undefined,
  ): { events: readonly Event[]; answer: (() => void) | undefined } {
    if (isAhead(claim, this.#mailSeq)) return { events: [], answer: undefined };
    const known = this.#board.agents.get(from)?.incarnation;
    const silentMs = this.#options.signs.silentMs(from, known);
    let applied: { events: readonly Event[]; answer: ClaimDecision };
    try {
      applied = applyClaim(this.#board, { from, claim, silentMs }, now);
    } catch (error) {
      const message = this.#undecidable('claim', from, error);
      applied = { events: [], answer: { kind: 'refused', code: 'undecidable', message, retryable: false } };
    }
    const decision = applied.answer;
    if (decision.kind === 'wait') return { events: applied.events, answer: undefined };
    if (decision.kind !== 'granted') {
      return { events: applied.events, answer: () => answer({ ...this.#head(told()), ...decision }) };
    }
    // The view is taken now: by the time of the answer the board may have moved on to the next batch.
    const grant = grantView(this.#board, decision.fence);
    return {
      events: applied.events,
      answer: () => {
        if (grant === undefined) return;
        answer({ ...this.#head(told()), kind: 'granted', grant });
      },
    };
  }

  #report(from: string, report: Report, now: number, answer: (answer: ReportAnswer) => void): Decided {
    const bytes = encode('Report', report).payload.byteLength;
    // Half a message: what follows from it at once must fit beside it.
    if (bytes > this.#options.maxPayloadBytes / 2) {
      const message = `the report has ${bytes} bytes, more than half of what a message may have`;
      return {
        events: [],
        answer: () => answer({ id: report.id, status: 'refused', code: 'too-large', message }),
      };
    }
    try {
      const applied = applyReport(this.#board, { from, report }, now);
      return { events: applied.events, answer: () => answer(applied.answer) };
    } catch (error) {
      const message = this.#undecidable('report', from, error);
      return {
        events: [],
        answer: () => answer({ id: report.id, status: 'refused', code: 'undecidable', message }),
      };
    }
  }

  #undecidable(what: string, from: string, error: unknown): string {
    if (error instanceof BoardBroken) throw error;
    this.#options.log.error({ err: error, what, from }, 'an input could not be decided');
    return `the ${what} could not be decided: ${messageOf(error)}`;
  }

  #head(report: ReportAnswer | undefined) {
    const { term, genesis } = this.#board;
    const head = { v: 1 as const, term, genesis, journal_seq: this.#position.seq };
    return report === undefined ? head : { ...head, report };
  }
}

/** Whether the claim must be decided after a mail that is not consumed yet. */
const isAhead = (claim: Claim, mailSeq: number): boolean =>
  claim.after_mail !== undefined && claim.after_mail > mailSeq;
