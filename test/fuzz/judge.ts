/**
 * Says what is wrong with what a target did. Owns the measures: an input is judged by its error, its time, what it kept
 * and what it did to the objects that everybody shares; a growing one by how its time grows.
 *
 * 1. A target that does not return is interrupted, also within a regular expression.
 * 2. Time is that of this process's processor, and only what is slow three times is slow: the machine has other work.
 */
import { setFlagsFromString } from 'node:v8';
import { createContext, runInNewContext, Script } from 'node:vm';
import { type Growing, grown } from './generator.ts';
import { damageOf, prototypesHeld } from './prototypes.ts';
import type { Target } from './target.ts';

export type Fault = 'crash' | 'hang' | 'growth' | 'memory' | 'prototype';

export interface Verdict {
  readonly fault: Fault;
  readonly says: string;
}

const TIMES = 3;
/** A machine that has no time for us says nothing; so often it is asked. */
const MOST_TIMES = 8;
/** Of the time that it took, so much must have been this process's own. */
const OWN_SHARE = 1 / 6;
/** Faster growth than this is no matter: it cannot be told from noise. */
const TELLING_MS = 80;
/** Four times the input: 4 is linear, 16 is quadratic. */
const STEEPEST = 9;

/** `ownMs`: what of its time was this process's own. */
class NoEnd extends Error {
  readonly ownMs: number;

  constructor(ownMs: number) {
    super('it did not end in time');
    this.ownMs = ownMs;
  }
}

const sandbox = createContext({ call: undefined as (() => unknown) | undefined });
const caller = new Script('call()');

/** Runs the target. Throws what it throws; `NoEnd` when it takes too long. */
async function runOnce(target: Target, input: Uint8Array): Promise<unknown> {
  sandbox['call'] = () => target.run(input);
  const began = process.cpuUsage();
  let returned: unknown;
  try {
    returned = caller.runInContext(sandbox, { timeout: target.boundMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new NoEnd(ownMs(began));
  } finally {
    sandbox['call'] = undefined;
  }
  return returned instanceof Promise ? await withinBound(returned, target.boundMs) : returned;
}

/** Waiting costs nothing: all of its time counts. */
async function withinBound(promise: Promise<unknown>, boundMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoEnd(boundMs)), boundMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function ownMs(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

interface Ran {
  readonly kept: unknown;
  readonly verdict?: Verdict;
  /** It did not end; how much of that time was its own. */
  readonly lateMs?: number;
}

async function run(target: Target, input: Uint8Array): Promise<Ran> {
  try {
    const kept = await runOnce(target, input);
    return { kept };
  } catch (error) {
    if (error instanceof NoEnd) return { kept: undefined, lateMs: error.ownMs };
    const kept = undefined;
    if (target.isRefusal(error)) return { kept };
    return { kept, verdict: { fault: 'crash', says: wordsOf(error) } };
  }
}

/** What is wrong with the target on this input, if anything. */
export async function judge(target: Target, input: Uint8Array): Promise<Verdict | undefined> {
  const before = prototypesHeld();
  let ownMs = 0;
  for (let times = 1; times <= MOST_TIMES; times += 1) {
    const { kept, verdict, lateMs } = await run(target, input);
    const damage = damageOf(before, kept);
    if (damage !== undefined) return { fault: 'prototype', says: damage };
    if (lateMs === undefined) return verdict;
    ownMs += lateMs;
    if (times < TIMES || ownMs < TIMES * target.boundMs * OWN_SHARE) continue;
    const says = `it did not end within ${target.boundMs} ms, ${times} times, of ${input.length} bytes`;
    return { fault: 'hang', says };
  }
  return undefined;
}

/** What is wrong with how its time grows, if anything; and the input that shows it. */
export async function judgeGrowth(target: Target, growing: Growing): Promise<Judged | undefined> {
  const [small, large] = [grown(growing, target.most / 4), grown(growing, target.most)];
  for (let times = 1; times <= TIMES; times += 1) {
    const last = await timeOf(target, large);
    if (last.verdict !== undefined) return { verdict: last.verdict, input: large };
    if (last.ms < TELLING_MS) return undefined;
    const first = await timeOf(target, small);
    if (first.verdict !== undefined) return { verdict: first.verdict, input: small };
    if (last.ms < STEEPEST * first.ms) return undefined;
    if (times < TIMES) continue;
    const [before, now] = [first, last].map(({ ms }) => Math.round(ms));
    const says = `${small.length} bytes took ${before} ms, ${large.length} took ${now} ms`;
    return { verdict: { fault: 'growth', says }, input: large };
  }
  return undefined;
}

export interface Judged {
  readonly verdict: Verdict;
  readonly input: Uint8Array;
}

async function timeOf(target: Target, input: Uint8Array): Promise<{ ms: number; verdict?: Verdict }> {
  let best = Number.POSITIVE_INFINITY;
  for (let times = 0; times < 2; times += 1) {
    const began = process.cpuUsage();
    const verdict = await judge(target, input);
    if (verdict !== undefined) return { ms: 0, verdict };
    best = Math.min(best, ownMs(began));
  }
  return { ms: best };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is wrong with how much of a large input stays in memory, if anything. */
export async function judgeMemory(target: Target, input: Uint8Array): Promise<Verdict | undefined> {
  const allowed = target.keeps.each * input.length + target.keeps.besides;
  let least = Number.POSITIVE_INFINITY;
  for (let times = 1; times <= TIMES; times += 1) {
    const { bytes, verdict } = await keptBy(target, input);
    if (verdict !== undefined) return verdict;
    least = Math.min(least, bytes);
    if (least <= allowed) return undefined;
  }
  return {
    fault: 'memory',
    says: `of ${input.length} bytes it keeps ${least}, at most ${allowed} were expected`,
  };
}

/** A call of its own, so that nothing of it is left when the next one begins to measure. */
async function keptBy(target: Target, input: Uint8Array): Promise<{ bytes: number; verdict?: Verdict }> {
  const before = heldBytes();
  const held = await run(target, input);
  const bytes = heldBytes() - before;
  return held.verdict === undefined ? { bytes } : { bytes, verdict: held.verdict };
}

function heldBytes(): number {
  // The second takes what the first has only found to be free.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${typeof error}`;
  const place = error.stack
    ?.split('\n')
    .find((line) => /^\s+at .*(shared|services|infra|schemas|test)\//.test(line));
  const where = place
    ?.replace(/^\s+at /, '')
    .replace(/\(?\S*\/(?=(?:shared|services|infra|schemas|test)\/)/, '(');
  return `${error.name}: ${error.message.slice(0, 200)}${where === undefined ? '' : `, at ${where}`}`;
}
