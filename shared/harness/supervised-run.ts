/**
 * One run of a program under everything that holds it: guard, limits, an abort signal, a tail and a log of
 * its output. What the end means (an outcome, a gate's colour) is for its callers to say.
 *
 * 1. Exactly one of the ways to end is reported; a stop that comes after the program's own end changes
 *    nothing.
 * 2. When `ended` resolves, the whole process group has ended and the log is closed.
 */
import { isWaggleError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ProcessGroup } from '../process/group.ts';
import { type GuardedEnd, type GuardedOptions, type OutputChunk, startGuarded } from './guarded-process.ts';
import { type LimitName, type Limits, waitForLimit } from './limits.ts';
import { OutputLog } from './output-log.ts';
import { OutputTail } from './output-tail.ts';
import type { ExitStatus, RunEnd } from './run-end.ts';

export interface SupervisedOptions extends Limits, Omit<GuardedOptions, 'onOutput'> {
  /** Aborting it stops the program; the reason is kept, and `kill` allows it no grace. */
  readonly signal?: AbortSignal;
  readonly log: Log;
  /** Where all output goes, up to `logBytes`. */
  readonly logFile?: string;
  readonly logBytes?: number;
  readonly onOutput?: GuardedOptions['onOutput'];
  /** Called once the program runs, so that its group can be recorded. */
  readonly onStarted?: (group: ProcessGroup) => void | Promise<void>;
}

export interface SupervisedEnd {
  readonly end: RunEnd;
  readonly tail: string;
  readonly lastLine: string;
  readonly outputBytes: number;
  readonly durationMs: number;
}

export interface SupervisedRun {
  /** Never rejects for what the program does; only when `onOutput` or the system fails. */
  readonly ended: Promise<SupervisedEnd>;
  /** Output so far. */
  outputBytes(): number;
  /** Milliseconds since the last output, or since the start. */
  lastOutputAgeMs(): number;
  /** Ends it because of a limit that its reader watches. After its end, or another such word: nothing. */
  reach(limit: LimitName): void;
  /** Stops it with its usual grace, as the abort signal does; that may still come, and cut the grace short. */
  interrupt(reason: string): void;
}

export function startSupervised(options: SupervisedOptions): SupervisedRun {
  const { clock } = options;
  const meter = { bytes: 0, lastAt: clock.monotonic() };
  const told = new AbortController();
  return {
    ended: supervise(options, meter, told.signal),
    outputBytes: () => meter.bytes,
    lastOutputAgeMs: () => Math.max(0, clock.monotonic() - meter.lastAt),
    reach: (limit) => told.abort({ limit } satisfies Told),
    interrupt: (reason) => told.abort({ reason } satisfies Told),
  };
}

/** Why a run is to be ended, by whoever reads its output. */
type Told = { readonly limit: LimitName } | { readonly reason: string };

interface Meter {
  bytes: number;
  lastAt: number;
}

async function supervise(
  options: SupervisedOptions,
  meter: Meter,
  told: AbortSignal,
): Promise<SupervisedEnd> {
  const { clock } = options;
  const tail = new OutputTail();
  const startedAt = clock.monotonic();
  const log = await openLog(options);
  const onOutput = async (chunk: OutputChunk): Promise<void> => {
    meter.bytes += chunk.bytes.length;
    meter.lastAt = chunk.at;
    tail.push(chunk.stream, chunk.bytes);
    await log?.write(chunk.bytes);
    await options.onOutput?.(chunk);
  };
  try {
    const end = await runToEnd({ ...options, onOutput }, meter, told);
    return {
      end,
      tail: tail.text(),
      lastLine: tail.lastLine(),
      outputBytes: meter.bytes,
      durationMs: Math.round(clock.monotonic() - startedAt),
    };
  } finally {
    const closed = await log?.close();
    if (closed?.failure !== undefined)
      options.log.warn({ err: closed.failure, file: log?.path }, 'a log of output is incomplete');
  }
}

async function openLog(options: SupervisedOptions): Promise<OutputLog | undefined> {
  if (options.logFile === undefined) return undefined;
  try {
    return await OutputLog.open(options.logFile, options.logBytes);
  } catch (error) {
    options.log.warn({ err: error, file: options.logFile }, 'a log of output cannot be opened');
    return undefined;
  }
}

async function runToEnd(
  options: SupervisedOptions & Pick<GuardedOptions, 'onOutput'>,
  meter: Meter,
  /** Aborts with a `Told`. */
  told: AbortSignal,
): Promise<RunEnd> {
  const { clock, signal } = options;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) return { how: 'stopped', reason: stopReason(signal) };
  const started = await startGuarded(options).catch((error: unknown) => {
    if (isWaggleError(error, 'start-failed')) return { message: error.message };
    throw error;
  });
  if ('message' in started) return { how: 'not-started', message: started.message };
  meter.lastAt = Math.max(meter.lastAt, clock.monotonic());

  const over = new AbortController();
  let limit: LimitName | undefined;
  const reach = async (reached: LimitName | undefined): Promise<void> => {
    if (reached === undefined || limit !== undefined) return;
    limit = reached;
    await started.stop(LIMIT_REASON);
  };
  const limits = waitForLimit(options, {
    clock,
    lastOutputAt: () => meter.lastAt,
    signal: over.signal,
  }).then(reach);
  // Awaited below, which may come later than its failure.
  limits.catch(() => {});
  const hear = (): void => {
    const word: Told = told.reason;
    const ended = 'limit' in word ? reach(word.limit) : started.stop(word.reason);
    // The run's end, and any error, come through `exited`.
    ended.catch(() => {});
  };
  if (told.aborted) hear();
  told.addEventListener('abort', hear, { once: true });
  const abort = (): void => {
    const reason = stopReason(signal);
    // The run's end, and any error, come through `exited`.
    started.stop(reason, reason === 'kill' ? 0 : options.graceMs).catch(() => {});
  };
  if (isAborted()) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await options.onStarted?.(started.group);
    const end = await started.exited;
    over.abort();
    await limits;
    return nameEnd(end, limit);
  } catch (error) {
    // It may still run when `onStarted` failed; when `exited` did, this is the same error again.
    await started.stop('failed', 0).catch(() => {});
    throw error;
  } finally {
    over.abort();
    signal?.removeEventListener('abort', abort);
    told.removeEventListener('abort', hear);
    await limits.catch(() => {});
  }
}

/** Stops by limits carry this; an abort reason cannot be mistaken for it. */
const LIMIT_REASON = 'limit reached';

function nameEnd({ endedBy, exitCode, signal }: GuardedEnd, limit: LimitName | undefined): RunEnd {
  const status: ExitStatus = {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
  };
  if (endedBy === LIMIT_REASON && limit !== undefined) return { how: 'limit', limit, ...status };
  if (endedBy !== undefined) return { how: 'stopped', reason: endedBy, ...status };
  if (signal !== undefined) return { how: 'signalled', signal };
  return { how: 'exited', exitCode: exitCode ?? 0 };
}

/** Why a signal was aborted, in words. */
export function stopReason(signal: AbortSignal | undefined): string {
  return typeof signal?.reason === 'string' ? signal.reason : messageOf(signal?.reason);
}
