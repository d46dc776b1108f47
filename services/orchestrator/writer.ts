/**
 * The single writer of a term: takes what waits, decides it in order, appends one batch, and answers nobody
 * before the PubAck (DESIGN 2.1, group commit).
 *
 * Invariants:
 * 1. Answers and queries use acked state only: queries run between batches, when nothing is undecided.
 * 2. The board is thrown away with its writer: after `journal-refused` or a broken board nothing is answered.
 * 3. An input that cannot be decided or stored is refused by name; it never stops the others.
 * 4. Nothing is answered from a board whose lead may have been lost, also where nothing was appended: the clock is
 *    read first.
 */
import type {
  Claim,
  Command,
  CommandAnswer,
  Event,
  Report,
  ReportAnswer,
  StoredMail,
} from '../../schemas/index.ts';
import { concerns, type UsageInput } from '../../shared/board/decide-usage.ts';
import { evolve } from '../../shared/board/evolve.ts';
import { nextDue, passTime } from '../../shared/board/readiness.ts';
import type { Board } from '../../shared/board/state.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { type BatchStore, type Group, type MailPlace, PASSED_MOST, type Position } from './batch-store.ts';
import { ClaimDesk } from './claim-desk.ts';
import { commandAnswer } from './command-answer.ts';
import { type Decided, quiet } from './decided.ts';
import type { ClaimAnswerFn } from './decided-claim.ts';
import { JournalTime } from './journal-time.ts';
import { type BrokenInputs, type Deciders, Judge } from './judge.ts';
import { LetterWatch } from './letter-watch.ts';
import type { LifeSigns } from './life-signs.ts';
import { rest } from './rest.ts';
import type { Sightings } from './sightings.ts';

export interface WriterOptions {
  readonly board: Board;
  readonly position: Position;
  readonly store: BatchStore;
  readonly signs: LifeSigns;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxPayloadBytes: number;
  /** Whether this process still leads, by its own clock. Default: always. */
  readonly isHeld?: () => boolean;
  /** Inputs that broke a board before. */
  readonly broken?: BrokenInputs;
  /** Tests put others in. */
  readonly deciders?: Deciders;
}

type Work = (now: number) => Decided;

const MAX_INPUTS = 512;

export class Writer {
  readonly #options: WriterOptions;
  readonly #board: Board;
  readonly #position: Position;
  readonly #time: JournalTime;
  readonly #judge: Judge;
  readonly #letters: LetterWatch;
  readonly #inputs: Work[] = [];
  readonly #queries: ((now: number) => void)[] = [];
  readonly #claims: ClaimDesk;
  #mail: MailPlace;
  /** Consumed after all inputs that wait. */
  #passed: MailPlace | undefined;
  #wake = (): void => {};
  #leaving = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#board = options.board;
    this.#position = options.position;
    this.#time = new JournalTime(options.clock, options.position);
    this.#letters = new LetterWatch(options.board);
    this.#mail = options.position.mail;
    this.#judge = new Judge({ ...options, fits: (events) => options.store.fits(events) });
    this.#claims = new ClaimDesk({
      ...options,
      judge: this.#judge,
      mailSeq: this.#mail.seq,
      head: (report) => this.#head(report),
      report: (from, report, now) => {
        let told: ReportAnswer | undefined;
        const decided = this.#report(from, report, now, (answer) => {
          told = answer;
        });
        return { decided, told: () => told };
      },
    });
  }

  command(from: string, command: Command, answer: (answer: CommandAnswer) => void): void {
    this.#take((now) => {
      const { events, answer: decided, spoil } = this.#judge.command(from, command, now);
      this.#letters.note(events);
      const head = () => ({ term: this.#board.term, journal_seq: this.#position.seq });
      return {
        events,
        answer: () => answer(commandAnswer(command.id, head(), decided)),
        onTooLarge: spoil,
      };
    });
  }

  /** A report from MAIL; the mail at `place` is consumed whatever becomes of it. */
  report(from: string, report: Report, place: MailPlace, answer: (answer: ReportAnswer) => void): void {
    this.#take((now) => {
      this.#consume(place);
      return this.#report(from, report, now, answer);
    });
  }

  /**
   * The same of a report that is true only for a while: when its turn has come and `isFresh` says no, nothing is consumed or
   * decided. Resolves then, to whether it was.
   */
  reportWhile(
    isFresh: () => boolean,
    from: string,
    report: Report,
    place: MailPlace,
    answer: (answer: ReportAnswer) => void,
  ): Promise<boolean> {
    return new Promise((resolve) => {
      this.#take((now) => {
        const isDecided = isFresh();
        resolve(isDecided);
        if (!isDecided) return quiet;
        this.#consume(place);
        return this.#report(from, report, now, answer);
      });
    });
  }

  /** Another mail that may concern a letter; consumed whatever becomes of it. */
  mail(stored: StoredMail, place: MailPlace): void {
    this.#take((now) => {
      this.#consume(place);
      const { events, isPoison, spoil } = this.#judge.mail(stored, now);
      this.#letters.note(events);
      return { ...quiet, events, isDue: isPoison, onTooLarge: spoil };
    });
  }

  /**
   * MAIL up to there concerns nobody here: consumed with whatever is stored next, without waking anybody, and in a
   * batch of its own only where a later leader would have much to read again.
   */
  pass(place: MailPlace): void {
    const isFar = place.seq - this.#position.mail.seq >= PASSED_MOST;
    if (!isFar && !this.#claims.isMailAwaited()) this.#passed = place;
    else this.#take(() => this.#consume(place));
  }

  /** Whether so much waits that who has more from MAIL should wait too: claims are decided in turn with it. */
  isBusy(): boolean {
    return this.#inputs.length >= MAX_INPUTS;
  }

  /** The journal's time, where a letter's time has come and MAIL is not known to be read so far. */
  wantsMailRead(): number | undefined {
    const now = this.#time.read();
    return this.#letters.isHeldUp(now) ? now : undefined;
  }

  /** What MAIL held at that time of the journal's is consumed: letters are judged up to it. */
  mailIsRead(at: number): void {
    this.#letters.readUpTo(at);
    this.#wake();
  }

  claim(from: string, claim: Claim, answer: ClaimAnswerFn): void {
    this.#take((now) => {
      this.#claims.hear(from, claim);
      return this.#claims.decide(from, claim, answer, now);
    });
  }

  /** What a beat said of a run under way; most say nothing that a budget has to hear of. */
  usage(input: UsageInput): void {
    if (!concerns(this.#board, input)) return;
    this.#take((now) => {
      const { events, isPoison, spoil } = this.#judge.usage(input, now);
      return { ...quiet, events, isDue: isPoison, onTooLarge: spoil };
    });
  }

  /** Runs `ask` when the board holds acked state only. */
  query(ask: (board: Board, now: number) => void): void {
    this.#queries.push((now) => ask(this.#board, now));
    this.#wake();
  }

  waitingCounts(): { task: number; commit: number } {
    return this.#claims.counts();
  }

  /** Sequence of the MAIL message consumed last, as the next batch will say. */
  mailSeq(): number {
    return this.#inputs.length === 0 ? (this.#passed ?? this.#mail).seq : this.#mail.seq;
  }

  /** Who holds the grant of that fence, as far as is decided. */
  ownerOf(task: string, fence: number): string | undefined {
    const grant = this.#board.tasks.get(task)?.grant;
    return grant?.fence === fence ? grant.agent : undefined;
  }

  leaseMs(): number {
    return this.#board.config.policies.lease_ms;
  }

  /** The mails that waiting claims want consumed first. */
  awaitedMails(): number[] {
    return this.#claims.awaitedMails();
  }

  /** Those mails are in no MAIL any more (it was cut): what waits for one of them is decided without. */
  giveUpMails(lost: readonly number[]): void {
    this.#take(() => {
      this.#claims.giveUpMails(lost);
      return quiet;
    });
  }

  /**
   * Appends the first events of the term, then works until the signal aborts. Errors: `journal-refused`,
   * `BoardBroken`: the board must be discarded.
   */
  async run(first: readonly Event[], led: () => void, signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    const now = this.#time.advance();
    for (const event of first) evolve(this.#board, event, now);
    await this.#options.store.append([{ events: first, mail: this.#mail }], now, signal);
    led();
    while (!signal.aborted) {
      if (this.#isQuiet() && this.#leaving) return;
      await this.#idle(signal);
      if (signal.aborted) return;
      if (!(await this.#turn(signal))) return;
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
    const passed = this.#passed;
    this.#passed = undefined;
    if (passed !== undefined) this.#inputs.push(() => this.#consume(passed));
    this.#inputs.push(work);
    this.#wake();
  }

  #consume(place: MailPlace): Decided {
    if (place.seq > this.#mail.seq) this.#mail = place;
    this.#claims.consumed(place.seq);
    return quiet;
  }

  /** Resolves when there is something to do: input, a query, the end of a wait, or a time has come. */
  async #idle(signal: AbortSignal): Promise<void> {
    const now = this.#time.read();
    if (!this.#isQuiet() || this.#letters.hasDue(now)) return;
    const { clock } = this.#options;
    const due = nextDue(this.#board);
    const waits = this.#claims.nextEnd();
    const delays = [
      ...(due === undefined ? [] : [due - now]),
      ...(waits === undefined ? [] : [waits - clock.monotonic()]),
    ];
    await rest(clock, delays, (wake) => {
      this.#wake = wake;
      if (signal.aborted || this.#leaving) wake();
    });
    this.#wake = () => {};
  }

  /** False when the lead may have been lost: then nobody is answered any more. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    const { store, isHeld = () => true } = this.#options;
    if (!isHeld()) return false;
    const now = this.#time.advance();
    passTime(this.#board, now);
    for (const query of this.#queries.splice(0)) query(now);
    const groups: Group[] = [];
    const decided = this.#inputs.splice(0, MAX_INPUTS).map((work) => {
      const { answer, ...done } = work(now);
      groups.push({ ...done, mail: this.#mail });
      return answer;
    });
    const passed = this.#inputs.length === 0 ? this.#passed : undefined;
    if (passed !== undefined) {
      this.#passed = undefined;
      groups.push({ ...this.#consume(passed), mail: this.#mail });
    }
    // Not before what waits is decided: an acknowledgement may be among it.
    for (const seq of this.#inputs.length === 0 ? this.#letters.due(now, MAX_INPUTS) : []) {
      const { events, answer: again, spoil } = this.#judge.look(seq, this.#letters.judgedAt(now));
      if (again !== undefined) this.#letters.again(seq, again);
      groups.push({ events, mail: this.#mail, onTooLarge: spoil });
    }
    for (const { answer, ...offered } of this.#claims.offer(now)) {
      decided.push(answer);
      groups.push({ ...offered, mail: this.#mail });
    }
    await store.append(groups, now, signal);
    if (!isHeld()) return false;
    for (const answer of decided) answer();
    this.#claims.answerEnded();
    return true;
  }

  #report(from: string, report: Report, now: number, answer: (answer: ReportAnswer) => void): Decided {
    const { events, answer: decided, isPoison, spoil } = this.#judge.report(from, report, now);
    return { events, answer: () => answer(decided), isDue: isPoison, onTooLarge: spoil };
  }

  #head(report: ReportAnswer | undefined) {
    const { term, genesis } = this.#board;
    const head = { v: 1 as const, term, genesis, journal_seq: this.#position.seq };
    return report === undefined ? head : { ...head, report };
  }
}
