/**
 * The event for an error that a harness tells of by a status and words. Pure.
 */
import type { HarnessEvent } from './adapter.ts';
import { faultKind } from './fault-words.ts';
import { type Reset, resetOfWords } from './reset-time.ts';

export interface Told {
  readonly message: string;
  /** Of HTTP. */
  readonly status?: number | undefined;
  readonly willRetry: boolean;
  /** When a limit ends, where it was told apart from the words. */
  readonly reset?: Reset;
}

/** A rate limit, a refused login, or any other error. */
export function toldFault({ message, status, willRetry, reset = {} }: Told): HarnessEvent {
  const kind = faultKind(status ?? statusIn(message), message);
  if (kind !== 'rate_limit') return { kind, message, willRetry };
  const isTold = reset.resetsAt !== undefined || reset.retryAfterMs !== undefined;
  return { kind, message, willRetry, ...(isTold ? reset : resetOfWords(message)) };
}

/** "429 {…}", "unexpected status 401 Unauthorized", "last status: 429 Too Many Requests". */
function statusIn(message: string): number | undefined {
  const found = /^(\d{3})\b|\bstatus(?: code)?:? (\d{3})\b/i.exec(message);
  const status = Number(found?.[1] ?? found?.[2]);
  return status >= 400 && status < 600 ? status : undefined;
}
