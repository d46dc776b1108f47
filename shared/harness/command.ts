/**
 * The `command` harness: any program that takes a prompt and works in a worktree. Builds its command line
 * and environment from a profile, runs it supervised, and classes how it ended. It knows nothing of tasks,
 * git or the bus.
 */
import type { Outcome } from '../../schemas/common.ts';
import type { Clock } from '../clock.ts';
import { formatDuration } from '../config/durations.ts';
import { assertNever, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ProcessGroup } from '../process/group.ts';
import { fillArguments, type PromptMode } from './argument-template.ts';
import { allowedEnvironment, type Environment } from './environment.ts';
import type { OutputChunk } from './guarded-process.ts';
import type { Limits } from './limits.ts';
import { cutToBytes } from './output-tail.ts';
import { describeEnd, type RunEnd, type SupervisedEnd, startSupervised } from './supervised-run.ts';

/** A profile of the `command` harness, compiled. */
export interface CommandProfile extends Limits {
  /** Argument vector with places: `{prompt_file} {prompt} {task} {run} {worktree} {agent}`. */
  readonly command: readonly string[];
  readonly prompt: PromptMode;
  /** Names let through from the worker's environment besides the default ones; `NAME_*` for all that begin so. */
  readonly env: readonly string[];
  /** Fixed values. */
  readonly set: Readonly<Record<string, string>>;
  readonly graceMs: number;
}

/** One run. */
export interface CommandInput {
  /** Holds `promptText`. */
  readonly promptFile: string;
  readonly promptText: string;
  readonly worktree: string;
  readonly project: string;
  readonly taskId: string;
  readonly fence: number;
  readonly run: string;
  readonly agent: string;
  readonly socket?: string;
}

export interface CommandContext {
  readonly clock: Clock;
  readonly log: Log;
  /** The worker's own environment, of which the allow-list picks. */
  readonly environment: Environment;
  /** Aborting stops the run: reason `fenced` gives that outcome, `kill` allows no grace, all others `killed`. */
  readonly signal?: AbortSignal;
  /** Where all output goes. */
  readonly logFile?: string;
  readonly onOutput?: (chunk: OutputChunk) => void | Promise<void>;
  readonly onStarted?: (group: ProcessGroup) => void | Promise<void>;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  /** One sentence for people. */
  readonly reason: string;
  /** The last output: at most 60 lines and 8,192 bytes. */
  readonly tail: string;
  readonly outputBytes: number;
  readonly durationMs: number;
}

export interface CommandRun {
  /** Rejects only when `onOutput` or the system fails; whatever the program does is a result. */
  readonly result: Promise<RunResult>;
  /** For beats. */
  outputBytes(): number;
  lastOutputAgeMs(): number;
}

/** Starts a run. The program is gone, with all its group, when `result` settles. */
export function runCommand(
  profile: CommandProfile,
  input: CommandInput,
  context: CommandContext,
): CommandRun {
  let argv: string[];
  try {
    argv = fillArguments(profile.command, profile.prompt, input);
  } catch (error) {
    return refused(messageOf(error));
  }
  const { environment, ...rest } = context;
  const { timeoutMs, silenceMs, graceMs } = profile;
  const supervised = startSupervised({
    ...rest,
    argv,
    cwd: input.worktree,
    env: runEnvironment(profile, input, environment),
    // The file rather than a pipe: it can be opened by name (/dev/stdin) and read at any pace.
    ...(profile.prompt === 'stdin' ? { stdin: { file: input.promptFile } } : {}),
    graceMs,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
  });
  return {
    result: supervised.ended.then((end) => toResult(end, profile)),
    outputBytes: supervised.outputBytes,
    lastOutputAgeMs: supervised.lastOutputAgeMs,
  };
}

/** What a run sees: allowed names, the profile's values, and its identity, which nothing overrides. */
export function runEnvironment(
  profile: Pick<CommandProfile, 'env' | 'set'>,
  input: CommandInput,
  environment: Environment,
): Record<string, string> {
  return {
    ...allowedEnvironment(environment, profile.env),
    ...profile.set,
    WAGGLE_PROJECT: input.project,
    WAGGLE_TASK: input.taskId,
    WAGGLE_FENCE: String(input.fence),
    WAGGLE_RUN: input.run,
    FMAIL_AGENT: input.agent,
    FMAIL_PROJECT: input.project,
    ...(input.socket === undefined ? {} : { WAGGLE_SOCKET: input.socket }),
  };
}

/** The class of an end. An exit code alone never tells more than completed or crashed. */
export function outcomeOf(end: RunEnd): Outcome {
  switch (end.how) {
    case 'not-started':
      return 'env_failed';
    case 'exited':
      return end.exitCode === 0 ? 'completed' : 'crashed';
    case 'signalled':
      return 'crashed';
    case 'limit':
      return 'timed_out';
    case 'stopped':
      return end.reason === 'fenced' ? 'fenced' : 'killed';
    default:
      return assertNever(end);
  }
}

function toResult({ end, lastLine, ...rest }: SupervisedEnd, limits: Limits): RunResult {
  const outcome = outcomeOf(end);
  const words = describeEnd(end, limits, formatDuration);
  const sentence = end.how === 'not-started' ? words : `the harness ${words}`;
  const said = outcome === 'crashed' && lastLine !== '' ? `: ${cutToBytes(lastLine, 300)}` : '';
  return {
    outcome,
    ...('exitCode' in end ? { exitCode: end.exitCode } : {}),
    ...('signal' in end ? { signal: end.signal } : {}),
    reason: cutToBytes(sentence + said, REASON_BYTES),
    tail: rest.tail,
    outputBytes: rest.outputBytes,
    durationMs: rest.durationMs,
  };
}

/** A report's reason has at most 1,000 characters. */
const REASON_BYTES = 1_000;

function refused(reason: string): CommandRun {
  return {
    result: Promise.resolve({ outcome: 'env_failed', reason, tail: '', outputBytes: 0, durationMs: 0 }),
    outputBytes: () => 0,
    lastOutputAgeMs: () => 0,
  };
}
