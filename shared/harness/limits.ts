/**
 * The limits of a running program: how long it may run in all, and how long it may say nothing. Ages come from the
 * monotonic clock. The limits that only its output can tell of (its first sign of life, what it has used) are watched by
 * whoever reads that.
 */
import type { Clock } from '../clock.ts';

export interface Limits {
  /** Wall-clock limit of the whole run. */
  readonly timeoutMs?: number;
  /** Longest time without output. */
  readonly silenceMs?: number;
}

/** The limits that a run had, to be named: `budgetMs` is what a budget left it of time. */
export interface NamedLimits extends Limits {
  readonly budgetMs?: number;
}

/** `start`: no first sign of life in time; `tokens`, `cost`: what it may use is used up. */
export type LimitName = TimeLimit | 'start' | 'tokens' | 'cost';
type TimeLimit = 'wall' | 'silence';

/**
 * Silence is believed only after this: when this process was stopped or starved, output may be waiting to
 * be read.
 */
const SETTLE_MS = 100;

/** Which limit is reached, or after how many milliseconds one can be (undefined: never). */
export function judgeLimits(
  limits: Limits,
  ages: { readonly runningMs: number; readonly silentMs: number },
): { readonly due: TimeLimit } | { readonly inMs: number } | undefined {
  const wallMs = limits.timeoutMs === undefined ? Infinity : limits.timeoutMs - ages.runningMs;
  const silenceMs = limits.silenceMs === undefined ? Infinity : limits.silenceMs - ages.silentMs;
  if (wallMs <= 0) return { due: 'wall' };
  if (silenceMs <= 0) return { due: 'silence' };
  const inMs = Math.min(wallMs, silenceMs);
  return inMs === Infinity ? undefined : { inMs };
}

/** Longest sleep that timers take. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Resolves with the limit that a run started now reaches, or with undefined when it can reach none or the
 * signal aborts first. `lastOutputAt`: monotonic milliseconds of the last output, or of the start.
 */
export async function waitForLimit(
  limits: Limits,
  { clock, lastOutputAt, signal }: { clock: Clock; lastOutputAt: () => number; signal: AbortSignal },
): Promise<TimeLimit | undefined> {
  const startedAt = clock.monotonic();
  const judge = () => {
    const now = clock.monotonic();
    return judgeLimits(limits, { runningMs: now - startedAt, silentMs: now - lastOutputAt() });
  };
  try {
    for (;;) {
      const verdict = judge();
      if (verdict === undefined || signal.aborted) return undefined;
      if ('inMs' in verdict) {
        await clock.sleep(Math.min(Math.ceil(verdict.inMs), LONGEST_SLEEP_MS), signal);
        continue;
      }
      if (verdict.due === 'wall') return 'wall';
      await clock.sleep(SETTLE_MS, signal);
      const again = judge();
      if (again !== undefined && 'due' in again) return again.due;
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
