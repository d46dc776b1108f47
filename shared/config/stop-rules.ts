/**
 * When a worker ends by itself: a command that it runs around its runs, and a question to its harness. From the words
 * of `waggle.yaml` to what the worker uses; pure.
 */
import type { ConfigFile } from '../../schemas/index.ts';
import { defaults } from './defaults.ts';
import { parseDuration } from './durations.ts';

export type StopDecision = 'stop' | 'continue';

/** All criteria that are named must hold for the decision to be taken; else the worker decides nothing by it. */
export interface QuantitativeStop {
  /** A line for the shell, or an argument vector. */
  readonly run: string | readonly string[];
  /** After so many runs. */
  readonly every: number;
  readonly when: 'before' | 'after' | 'both';
  /** One of these; `invert`: none of them. */
  readonly exitCodes?: readonly number[];
  readonly invert: boolean;
  readonly stdout?: 'any' | 'empty' | 'nonempty';
  readonly stderr?: 'any' | 'empty' | 'nonempty';
  readonly stdoutMatches?: RegExp;
  readonly stderrMatches?: RegExp;
  readonly decision: StopDecision;
  readonly timeoutMs: number;
}

export interface QualitativeStop {
  /** After so many runs. */
  readonly every: number;
  /** The question itself, or the name of a prompt. */
  readonly prompt: string;
  /** What an answer means that begins with neither 0 nor 1. */
  readonly onInvalid: StopDecision;
}

export interface StopRules {
  readonly quantitative?: QuantitativeStop;
  readonly qualitative?: QualitativeStop;
}

type StopFile = NonNullable<NonNullable<ConfigFile['workers']>['stop']>;

/** The rules of a checked file; undefined when it names none. */
export function compileStop({ quantitative, qualitative }: StopFile): StopRules | undefined {
  if (quantitative === undefined && qualitative === undefined) return undefined;
  return {
    ...(quantitative === undefined ? {} : { quantitative: compileQuantitative(quantitative) }),
    ...(qualitative === undefined
      ? {}
      : {
          qualitative: {
            every: qualitative.every,
            prompt: qualitative.prompt,
            onInvalid: qualitative.on_invalid ?? defaults.stop.onInvalid,
          },
        }),
  };
}

function compileQuantitative(file: NonNullable<StopFile['quantitative']>): QuantitativeStop {
  const { run, every, when, exit_codes, invert, stdout, stderr, decision, timeout } = file;
  const { stdout_matches, stderr_matches } = file;
  const ms = timeout === undefined ? undefined : parseDuration(timeout);
  return {
    run,
    every: every ?? defaults.stop.every,
    when: when ?? defaults.stop.when,
    invert: invert ?? false,
    decision: decision ?? defaults.stop.decision,
    timeoutMs: ms ?? defaults.stop.timeoutMs,
    ...(exit_codes === undefined ? {} : { exitCodes: exit_codes }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(stdout_matches === undefined ? {} : { stdoutMatches: new RegExp(stdout_matches) }),
    ...(stderr_matches === undefined ? {} : { stderrMatches: new RegExp(stderr_matches) }),
  };
}
