/**
 * A fault that was found, as people need it: what is wrong, the input that shows it, and the command that shows it again.
 */
import type { Verdict } from './judge.ts';

export interface Finding extends Verdict {
  readonly target: string;
  readonly seed: string;
  /** Which input of the seed; absent: one of those that were kept from before. */
  readonly number?: number;
  /** The input, made small where that was possible. */
  readonly input: Uint8Array;
}

/** Longer input is not printed as hex: seed and number make it again. */
const MOST_HEX = 2_000;
const SHOWN = 300;

/** The command that shows it again. */
export function repeatCommand({ target, seed, number, input, fault }: Finding): string {
  const isSmall =
    input.length <= MOST_HEX && (fault === 'crash' || fault === 'prototype' || fault === 'hang');
  if (isSmall || number === undefined) {
    return `npm run fuzz -- --target ${target} --hex ${Buffer.from(input).toString('hex').slice(0, MOST_HEX)}`;
  }
  return `npm run fuzz -- --target ${target} --seed ${seed} --number ${number}`;
}

/** For people, in lines. */
export function findingText(finding: Finding): string {
  const { target, seed, number, fault, says, input } = finding;
  const text = JSON.stringify(Buffer.from(input.subarray(0, SHOWN)).toString('latin1'));
  const which = number === undefined ? 'a kept input' : `seed ${seed}, input ${number}`;
  return [
    `${target}: ${fault} (${which}): ${says}`,
    `  input (${input.length} bytes): ${text}${input.length > SHOWN ? '…' : ''}`,
    `  again: ${repeatCommand(finding)}`,
  ].join('\n');
}

/** For machines. */
export function findingRecord(finding: Finding): Record<string, unknown> {
  const { target, seed, number, fault, says, input } = finding;
  const hex = Buffer.from(input.subarray(0, MOST_HEX)).toString('hex');
  const again = repeatCommand(finding);
  return {
    target,
    seed,
    ...(number === undefined ? {} : { number }),
    fault,
    says,
    bytes: input.length,
    hex,
    again,
  };
}
