/**
 * What a harness left of a run: at its own end, classed by all that is known of it; or between two tasks, by the word that
 * it gave.
 */
import type { RunNote, Usage } from '../../schemas/index.ts';
import type { HarnessResult } from '../../shared/harness/harness-run.ts';
import { classify } from '../../shared/harness/outcome.ts';
import type { HarnessLeft } from './hand-in.ts';
import { profileOf, type Run, type RunOptions } from './run-context.ts';

/** A harness that has ended. */
export interface EndedHarness {
  readonly result: HarnessResult;
  /** Where its rendered output stands. */
  readonly outputFile: string;
  /** Whether it gave a sign of life. */
  readonly hasStarted: boolean;
}

/** `usage`: of this run alone. */
export function leftAtEnd(
  options: RunOptions,
  run: Run,
  { result, outputFile }: EndedHarness,
  usage: Usage | undefined,
): HarnessLeft {
  const { end, signs, lastLines, tail, exitCode } = result;
  const { harness, timeoutMs, silenceMs, startMs } = profileOf(options, run.profile);
  const budgetMs = run.grant.budget?.duration_ms;
  const word = run.tasks.word()?.kind;
  return {
    isCutShort: end.how === 'stopped',
    classify: (changed) =>
      classify({
        end,
        signs,
        lastLines,
        expects: run.grant.expects,
        harness,
        limits: {
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
          ...(silenceMs === undefined ? {} : { silenceMs }),
          ...(startMs === undefined ? {} : { startMs }),
          ...(budgetMs === undefined ? {} : { budgetMs }),
        },
        now: options.clock.now(),
        ...(changed === undefined ? {} : { changed }),
        ...(word === undefined ? {} : { word }),
      }),
    tail,
    usage: usage ?? {},
    outputFile,
    note: {
      ...noteOf(options, run, signs.model),
      ...(signs.session === undefined ? {} : { session: signs.session.slice(0, LINE) }),
      ...(signs.quota === undefined ? {} : { quota: signs.quota }),
      ...(exitCode === undefined ? {} : { exit_code: exitCode }),
    },
  };
}

/** The same of a run that was handed in while its harness goes on; `usage`: of this run alone, as far as it told. */
export function leftBetween(
  options: RunOptions,
  run: Run,
  outputFile: string,
  usage: Usage | undefined,
  durationMs: number,
): HarnessLeft {
  const reason = 'its harness handed it in and goes on with the next task';
  return {
    isCutShort: false,
    classify: (changed) => ({
      outcome: changed === true || run.grant.expects === 'none' ? 'completed' : 'no_change',
      reason,
      evidence: [reason],
    }),
    tail: '',
    usage: { ...usage, duration_ms: Math.round(durationMs) },
    outputFile,
    note: noteOf(options, run, undefined),
  };
}

const LINE = 1_000;

function noteOf(options: RunOptions, run: Run, told: string | undefined): RunNote {
  const { harness, model } = profileOf(options, run.profile);
  const name = told ?? model;
  return { harness, mode: options.mode, ...(name === undefined ? {} : { model: name.slice(0, LINE) }) };
}
