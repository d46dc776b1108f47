/**
 * How a program that ran supervised came to its end, and that in words. Pure.
 */
import { assertNever } from '../errors.ts';
import type { LimitName, NamedLimits } from './limits.ts';

/** How a run ended; `reason` of a stop is the abort signal's, or `guard-lost`. */
export type RunEnd =
  | { readonly how: 'not-started'; readonly message: string }
  | { readonly how: 'exited'; readonly exitCode: number }
  | { readonly how: 'signalled'; readonly signal: NodeJS.Signals }
  | ({ readonly how: 'limit'; readonly limit: LimitName } & ExitStatus)
  | ({ readonly how: 'stopped'; readonly reason: string } & ExitStatus);

export interface ExitStatus {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
}

/** The end of a run in a few words, for a sentence that begins with what ran. */
export function describeEnd(end: RunEnd, limits: NamedLimits, describeMs: (ms: number) => string): string {
  switch (end.how) {
    case 'not-started':
      return end.message;
    case 'exited':
      return `ended with exit code ${end.exitCode}`;
    case 'signalled':
      return `was ended by ${end.signal} from outside`;
    case 'limit':
      return describeLimit(end.limit, limits, describeMs);
    case 'stopped':
      return `was stopped (${end.reason})`;
    default:
      return assertNever(end);
  }
}

function describeLimit(
  limit: LimitName,
  { timeoutMs, silenceMs, budgetMs }: NamedLimits,
  describeMs: (ms: number) => string,
): string {
  switch (limit) {
    case 'wall':
      if (budgetMs !== undefined && budgetMs < (timeoutMs ?? Number.POSITIVE_INFINITY))
        return `used all the time that a budget left it (${describeMs(budgetMs)})`;
      return `ran longer than ${timeoutMs === undefined ? 'it may' : describeMs(timeoutMs)}`;
    case 'silence':
      return `gave no output for ${silenceMs === undefined ? 'too long' : describeMs(silenceMs)}`;
    case 'start':
      return 'gave no sign of life in time after its start';
    case 'tokens':
      return 'used all the tokens that it may use';
    case 'cost':
      return 'used all the money that it may use';
    default:
      return assertNever(limit);
  }
}
