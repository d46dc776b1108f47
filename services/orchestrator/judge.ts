/**
 * Decides inputs for the writer and refuses by name what cannot be decided, so that one bad message never stops a
 * swarm (DESIGN 2.1). Owns the memory of inputs that broke a board; knows nothing of batches and waiting.
 *
 * 1. An input whose decision throws is refused; the board is as it was.
 * 2. An input whose events do not fit the board breaks it: the board is thrown away with its term, and the input is
 *    refused by every later term of this process, because it would break the next board as well.
 */
import type { Claim, Command, Event, Report, ReportAnswer, StoredMail } from '../../schemas/index.ts';
import {
  type Applied,
  applyClaim,
  applyCommand,
  applyLook,
  applyMail,
  applyReport,
  applyUsage,
  BoardBroken,
} from '../../shared/board/decide.ts';
import type { ClaimDecision } from '../../shared/board/decide-claim.ts';
import type { UsageInput } from '../../shared/board/decide-usage.ts';
import type { LifeSign } from '../../shared/board/decide-watch.ts';
import type { Answer } from '../../shared/board/decision.ts';
import type { Board } from '../../shared/board/state.ts';
import { encode } from '../../shared/bus/codec.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { LifeSigns } from './life-signs.ts';
import type { Sightings } from './sightings.ts';
import { UnstoredAnswers } from './unstored-answers.ts';

/** How inputs are decided and applied; tests put others in. */
export interface Deciders {
  readonly applyClaim: typeof applyClaim;
  readonly applyCommand: typeof applyCommand;
  readonly applyReport: typeof applyReport;
  readonly applyMail?: typeof applyMail;
  readonly applyLook?: typeof applyLook;
  readonly applyUsage?: typeof applyUsage;
}

/** The inputs that broke a board in this process. Outlives terms. */
export class BrokenInputs {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= BROKEN_KEPT) break;
      this.#keys.delete(oldest);
    }
  }
}

const BROKEN_KEPT = 1_000;

export interface JudgeOptions {
  readonly board: Board;
  readonly signs: LifeSigns;
  readonly sightings: Sightings;
  readonly log: Log;
  readonly maxPayloadBytes: number;
  /** Whether the events fit one message. */
  readonly fits: (events: readonly Event[]) => boolean;
  readonly broken?: BrokenInputs;
  readonly deciders?: Deciders;
}

/** What was decided; `isPoison` when it could not be, and `spoil` keeps it from being tried again. */
export interface Judged<A> extends Applied<A> {
  readonly isPoison: boolean;
  spoil(): void;
}

const own = { applyClaim, applyCommand, applyReport, applyMail, applyLook, applyUsage };

export class Judge {
  readonly #options: JudgeOptions;
  readonly #broken: BrokenInputs;
  readonly #deciders: Required<Deciders>;
  readonly #unstored = new UnstoredAnswers();

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#broken = options.broken ?? new BrokenInputs();
    this.#deciders = { ...own, ...options.deciders };
  }

  command(from: string, command: Command, now: number): Judged<Answer> {
    const { board, fits, sightings } = this.#options;
    const again = this.#unstored.get(from, command);
    if (again !== undefined) return { events: [], answer: again, isPoison: false, spoil: () => {} };
    // All or nothing; what follows from other commands may be told in several batches.
    const isWhole = command.kind === 'add' || command.kind === 'configure';
    const isStorable = (events: readonly Event[]) =>
      fits(events) || (!isWhole && events.every((event) => fits([event])));
    const judged = this.#judge<Answer>(
      { what: 'command', from, id: command.id },
      () => {
        const silentMs = sightings.absentMs(from);
        return this.#deciders.applyCommand(board, { from, command, silentMs }, now, isStorable);
      },
      (message) => ({ status: 'refused', code: 'undecidable', message }),
    );
    if (judged.events.length === 0) this.#unstored.note(from, command, judged.answer);
    // Who asks in vain for a name in use must not keep it in use by asking.
    if (command.kind !== 'register' || judged.answer.status === 'ok') sightings.seen(from);
    return judged;
  }

  report(from: string, report: Report, now: number): Judged<ReportAnswer> {
    const { board, maxPayloadBytes } = this.#options;
    const key = { what: 'report', from, id: report.id };
    const refuse =
      (code: string) =>
      (message: string): ReportAnswer => ({
        id: report.id,
        status: 'refused',
        code,
        message,
      });
    const bytes = encode('Report', report).payload.byteLength;
    // Half a message: what follows from it at once must fit beside it.
    if (bytes > maxPayloadBytes / 2) {
      const message = `the report has ${bytes} bytes, more than half of what a message may have`;
      return { events: [], answer: refuse('too-large')(message), isPoison: true, spoil: () => {} };
    }
    const input = { from, report, ...this.#signOf(report) };
    return this.#judge(key, () => this.#deciders.applyReport(board, input, now), refuse('undecidable'));
  }

  claim(from: string, claim: Claim, now: number): Judged<ClaimDecision> {
    const { board, signs } = this.#options;
    const known = board.agents.get(from)?.incarnation;
    const silentMs = signs.provenSilenceMs(from, known);
    return this.#judge(
      { what: 'claim', from, id: `${claim.incarnation}/${claim.slot}/${claim.number}` },
      () => this.#deciders.applyClaim(board, { from, claim, silentMs }, now),
      (message) => ({ kind: 'refused', code: 'undecidable', message, retryable: false }),
    );
  }

  mail(stored: StoredMail, now: number): Judged<undefined> {
    const { board, sightings } = this.#options;
    const { seq, from, to, mail } = stored;
    return this.#judge(
      { what: 'mail', from, id: `${seq} ${mail.id}` },
      () => this.#deciders.applyMail(board, { stored, sight: sightings.of(to.name) }, now),
      () => undefined,
    );
  }

  /** The answer is when to look at the letter again; none where nothing can come of that. */
  look(seq: number, now: number): Judged<number | undefined> {
    const { board, sightings } = this.#options;
    const { from = '', to } = board.letters.watched.get(seq) ?? {};
    return this.#judge(
      { what: 'letter', from, id: String(seq) },
      () => this.#deciders.applyLook(board, { seq, sight: sightings.of(to?.name ?? '') }, now),
      () => undefined,
    );
  }

  /** What a beat said of a run under way. */
  usage(input: UsageInput, now: number): Judged<undefined> {
    return this.#judge(
      { what: 'usage', from: input.from, id: String(input.fence) },
      () => this.#deciders.applyUsage(this.#options.board, input, now),
      () => undefined,
    );
  }

  #judge<A>(
    { what, from, id }: { what: string; from: string; id: string },
    decide: () => Applied<A>,
    refuse: (message: string) => A,
  ): Judged<A> {
    const key = `${what} ${from} ${id}`;
    const spoil = () => this.#broken.add(key);
    const refused = (why: string) => ({
      events: [],
      answer: refuse(`the ${what} could not be decided: ${why}`),
      isPoison: true,
      spoil,
    });
    if (this.#broken.has(key)) return refused('it broke the board before');
    try {
      return { ...decide(), isPoison: false, spoil };
    } catch (error) {
      this.#options.log.error({ err: error, what, from, id }, 'an input could not be decided');
      if (!(error instanceof BoardBroken)) return refused(messageOf(error));
      spoil();
      throw error;
    }
  }

  /** What this leader itself heard of a grant that is to be taken away. */
  #signOf(report: Report): { sign?: LifeSign } {
    if (report.kind !== 'takeover') return {};
    const { board, signs } = this.#options;
    const agent = board.tasks.get(report.task)?.grant?.agent;
    return agent === undefined ? {} : { sign: signs.of(agent, report.fence) };
  }
}
