/**
 * How a run ended: a class with the evidence for it, out of its process's end, what its output meant, and what it left.
 * Pure.
 *
 * 1. An exit code alone decides little: 0 may be a question, a refused login or nothing done; 1 may be a rate limit.
 * 2. Rate limits and refused logins count as no attempt, so that only what was told as such, or what the program last
 *    said on its way out, makes one.
 */
import type { HarnessName, Outcome } from '../../schemas/index.ts';
import { formatDuration } from '../config/durations.ts';
import { oneLine, plainText } from '../ledger/plain-text.ts';
import { saysAuth, saysRateLimit } from './fault-words.ts';
import type { NamedLimits } from './limits.ts';
import { questionIn } from './question.ts';
import { resetOfDayTime, resetOfWords } from './reset-time.ts';
import { describeEnd, type RunEnd } from './run-end.ts';
import type { Fault, RunSigns } from './run-signs.ts';

export interface Ended {
  readonly end: RunEnd;
  readonly signs: RunSigns;
  /** The last of its output that was no event. */
  readonly lastLines: string;
  /** Whether the working tree holds a change; absent: nobody looked. */
  readonly changed?: boolean;
  readonly expects: 'change' | 'none' | 'any';
  /** What the harness itself said of the task's end. */
  readonly word?: 'done' | 'blocked';
  readonly harness: HarnessName;
  /** The limits that it ran under, to be named. */
  readonly limits?: NamedLimits;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Classified {
  readonly outcome: Outcome;
  /** One sentence for people, at most 1,000 characters. */
  readonly reason: string;
  /** What decided it, most telling first: at most 16 lines. */
  readonly evidence: readonly string[];
  /** When a rate limit ends, as far as it was told. */
  readonly retryAt?: number;
  /** What it asks, of `needs_input`. */
  readonly question?: string;
}

const REASON_CHARS = 1_000;
const EVIDENCE_LINES = 16;
/** How many of the last lines are shown as evidence, and how many may tell by themselves why a program gave up. */
const SHOWN_LINES = 12;
const TELLING_LINES = 6;
/** A program that ends well after so few lines has done nothing: what it says is why. */
const SHORT_LINES = 4;

/** The class of a run's end. */
export function classify(ended: Ended): Classified {
  const { end, word } = ended;
  if (end.how === 'stopped' && end.reason === 'fenced') return made(ended, 'fenced');
  if (word === 'blocked') return made(ended, 'blocked', 'the harness said that it is blocked');
  switch (end.how) {
    case 'stopped':
      return made(ended, 'killed');
    case 'not-started':
      return made(ended, 'env_failed');
    case 'limit':
      return ofLimit(ended, end.limit);
    case 'signalled':
      return made(ended, 'crashed');
    default:
      return end.exitCode === 0 ? ofSuccess(ended) : ofFailure(ended);
  }
}

/**
 * A limit that is reached while the harness waits for its provider is the provider's; one that comes after the end of its
 * turn, which tells all that was used, or behind which it hangs, takes nothing from what it did.
 */
function ofLimit(ended: Ended, limit: Extract<RunEnd, { how: 'limit' }>['limit']): Classified {
  const { lastFault, ended: over } = ended.signs;
  if (over?.isError === false) return ofSuccess(ended);
  const isWaiting = limit === 'wall' || limit === 'silence' || limit === 'start';
  if (isWaiting && lastFault !== undefined && lastFault.kind !== 'error') return ofFault(ended, lastFault);
  return made(ended, limit === 'start' ? 'env_failed' : 'timed_out');
}

function ofFailure(ended: Ended): Classified {
  const { signs, harness } = ended;
  const told = toldFault(ended);
  if (told !== undefined) return told;
  // Whoever said why it failed is believed before what else stands on standard error.
  const isSilent = signs.lastFault === undefined && signs.ended?.isError !== true;
  const said = isSilent ? saidFault(ended, lastOf(ended.lastLines, TELLING_LINES)) : undefined;
  if (said !== undefined) return said;
  // A structured harness that said nothing of its own never came up.
  const isUp = signs.started || harness === 'command';
  return made(ended, isUp ? 'crashed' : 'env_failed');
}

function ofSuccess(ended: Ended): Classified {
  const { signs, expects, changed, word, lastLines, harness } = ended;
  const { lastFault } = signs;
  // Some end with 0 whatever happened: their own word counts.
  const told = toldFault(ended);
  if (told !== undefined) return told;
  if (!signs.started && harness !== 'command')
    return made(ended, 'env_failed', sentence(ended, 'it said nothing that it should have'));
  if (signs.ended?.isError === true || (lastFault !== undefined && !lastFault.willRetry))
    return made(ended, 'crashed', sentence(ended, lastFault?.message ?? signs.finalText));
  if (
    harness === 'command' &&
    changed !== true &&
    word === undefined &&
    linesOf(lastLines).length <= SHORT_LINES
  ) {
    const said = saidFault(ended, linesOf(lastLines));
    if (said !== undefined) return said;
  }
  if (word !== 'done') {
    const asked = questionIn(harness === 'command' ? withoutCount(lastLines) : (signs.finalText ?? ''));
    if (asked !== undefined && (asked.isStrong || changed === false)) {
      const reason = `the harness ended with a question: ${asked.text}`;
      return { ...made(ended, 'needs_input', reason, [asked.text]), question: asked.text };
    }
  }
  if (changed === false && expects !== 'none') return made(ended, 'no_change', 'the harness changed nothing');
  return made(ended, 'completed');
}

/** A fault that the harness told of as an event and did not get over. */
function toldFault(ended: Ended): Classified | undefined {
  const { lastFault, finalText, ended: over } = ended.signs;
  if (lastFault !== undefined && lastFault.kind !== 'error') return ofFault(ended, lastFault);
  const words = [lastFault?.message, over?.isError === true ? finalText : undefined];
  return saidFault(
    ended,
    words.filter((text) => text !== undefined),
  );
}

/** A fault that words tell of. */
function saidFault(ended: Ended, lines: readonly string[]): Classified | undefined {
  // The last words first: what came before may be of a trouble that was got over.
  for (const message of [...lines].reverse()) {
    const kind = saysAuth(message) ? 'auth' : saysRateLimit(message) ? 'rate_limit' : undefined;
    if (kind !== undefined) return ofFault(ended, { kind, message, willRetry: false });
  }
  return undefined;
}

function ofFault(ended: Ended, fault: Fault): Classified {
  const outcome = fault.kind === 'auth' ? 'auth_failed' : 'rate_limited';
  const classified = made(ended, outcome, sentence(ended, fault.message), [fault.message]);
  const retryAt = outcome === 'rate_limited' ? resetOf(ended, fault) : undefined;
  // A time that is over says nothing of the limit that still held after it.
  return retryAt === undefined || retryAt <= ended.now ? classified : { ...classified, retryAt };
}

function resetOf({ signs, now }: Ended, fault: Fault): number | undefined {
  if (fault.resetsAt !== undefined) return fault.resetsAt;
  if (fault.retryAfterMs !== undefined) return now + fault.retryAfterMs;
  const said = resetOfWords(fault.message);
  if (said.resetsAt !== undefined) return said.resetsAt;
  if (said.retryAfterMs !== undefined) return now + said.retryAfterMs;
  const isUsedUp = signs.quota !== undefined && signs.quota.used >= 1;
  return resetOfDayTime(fault.message, now) ?? (isUsedUp ? signs.quota?.resets_at : undefined);
}

function made(ended: Ended, outcome: Outcome, reason?: string, first: readonly string[] = []): Classified {
  const end = sentence(ended);
  const { lastFault, ended: over } = ended.signs;
  const isGood = outcome === 'completed' || outcome === 'no_change' || outcome === 'needs_input';
  const evidence = [
    ...first,
    end,
    ...(lastFault === undefined ? [] : [lastFault.message]),
    ...(over === undefined ? [] : [`its turn ended ${over.isError ? 'with an error' : 'well'}`]),
    ...(isGood ? [] : lastOf(ended.lastLines, SHOWN_LINES)),
  ].map((line) => oneLine(line).slice(0, REASON_CHARS));
  const crash = isGood ? undefined : linesOf(ended.lastLines).at(-1);
  return {
    outcome,
    reason: (
      reason ?? (ended.end.how === 'exited' ? sentence(ended, lastFault?.message ?? crash) : end)
    ).slice(0, REASON_CHARS),
    evidence: [...new Set(evidence)].filter((line) => line !== '').slice(0, EVIDENCE_LINES),
  };
}

/** How it ended, and what was said of that. */
function sentence({ end, limits }: Ended, said?: string): string {
  const words = describeEnd(end, limits ?? {}, formatDuration);
  const whole = end.how === 'not-started' ? words : `the harness ${words}`;
  const line = oneLine(said ?? '');
  return line === '' ? whole : `${whole}: ${line.slice(0, 300)}`;
}

/** Without blank ones, and without those of a stack's trace, which tell people nothing. */
const linesOf = (text: string): string[] =>
  plainText(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^([{}[\]();,]*|at (async )?\S+ ?\(.*|at \S+:\d+:\d+.*)$/.test(line));

/** Some print what they used below their last message. */
const withoutCount = (text: string): string =>
  plainText(text).replace(/\n\s*tokens used:?\s*[\d.,]*\s*$/i, '');

const lastOf = (text: string, count: number): string[] => linesOf(text).slice(-count);
