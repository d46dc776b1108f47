/**
 * Fuzzing: one input after another for one target after another, until the time is over. What input a number makes hangs
 * on seed, target and number alone, never on the time, so that every finding can be shown again.
 *
 * A target that has shown a kind of fault is not asked for more of it: the first says enough.
 */
import { systemClock } from '../../shared/clock.ts';
import type { Finding } from './finding.ts';
import { growingFor, grown, inputFor, randomOf } from './generator.ts';
import { type Judged, judge, judgeGrowth, judgeMemory } from './judge.ts';
import { shrunk } from './shrink.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly seed: string;
  /** How long all of them together may take; each gets its part. */
  readonly ms: number;
  /** At least so many inputs for each, whatever the time says. */
  readonly least?: number;
  readonly onFinding?: (finding: Finding) => void;
  readonly onTarget?: (target: Target, inputs: number) => void;
  /** Before each input. */
  readonly onInput?: (place: { readonly target: string; readonly number: number }) => void;
}

export interface FuzzResult {
  readonly inputs: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** Of so many inputs some are growing ones, and one is measured for memory. */
const ROUND = 60;
/** Measuring memory takes long: what reads streams comes first, because only that is made to hold something. */
const MEMORY_AT = { streams: 7, others: 57 };
const FEW_KEPT = 16;
const GROWTH_AT: readonly number[] = [3, 18, 33, 48];
const LEAST = 12;

/** Fuzzes the targets one after another. */
export async function fuzz({ targets, seed, ms, least = LEAST, ...on }: FuzzOptions): Promise<FuzzResult> {
  const inputs: Record<string, number> = {};
  const findings: Finding[] = [];
  const beganAt = systemClock.monotonic();
  for (const [at, target] of targets.entries()) {
    const until = beganAt + (ms * (at + 1)) / targets.length;
    const shown = new Set<string>();
    let number = 0;
    for (; number < least || systemClock.monotonic() < until; number += 1) {
      on.onInput?.({ target: target.name, number });
      const judged = await judgeNumber(target, seed, number);
      if (judged === undefined || shown.has(kindOf(judged))) continue;
      shown.add(kindOf(judged));
      const finding = {
        ...judged.verdict,
        target: target.name,
        seed,
        number,
        input: await smaller(target, judged),
      };
      findings.push(finding);
      on.onFinding?.(finding);
    }
    inputs[target.name] = number;
    on.onTarget?.(target, number);
  }
  return { inputs, findings };
}

/** Two crashes at one place are one. */
const kindOf = ({ verdict: { fault, says } }: Judged): string =>
  fault === 'crash' ? says.replace(/:.*(?=, at )/s, '') : fault;

/** What one number of a seed shows, if anything. */
export async function judgeNumber(target: Target, seed: string, number: number): Promise<Judged | undefined> {
  const random = randomOf(seed, target.name, number);
  const isStream = target.keeps.each <= FEW_KEPT;
  if (number % ROUND === (isStream ? MEMORY_AT.streams : MEMORY_AT.others)) {
    const input = grown(growingFor(target, random), target.most);
    const verdict = await judgeMemory(target, input);
    return verdict === undefined ? undefined : { verdict, input };
  }
  if (GROWTH_AT.includes(number % ROUND)) return judgeGrowth(target, growingFor(target, random));
  const input = inputFor(target, random);
  const verdict = await judge(target, input);
  return verdict === undefined ? undefined : { verdict, input };
}

/** Only what shows itself at once is made smaller: the others need their length. */
async function smaller(target: Target, { verdict, input }: Judged): Promise<Uint8Array> {
  if (verdict.fault !== 'crash' && verdict.fault !== 'prototype') return input;
  return shrunk(input, async (shorter) => (await judge(target, shorter))?.fault === verdict.fault);
}

/** What inputs that were kept show. */
export async function replay(
  target: Target,
  inputs: readonly Uint8Array[],
  seed = 'kept',
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const input of inputs) {
    const verdict = await judge(target, input);
    if (verdict !== undefined) findings.push({ ...verdict, target: target.name, seed, input });
  }
  return findings;
}
