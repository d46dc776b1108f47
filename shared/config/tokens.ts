/**
 * Numbers of tokens as people write them (`1500000`, `500k`, `1.5M`) and as the code uses them.
 */

/** How such a number is described to somebody who wrote something else. */
export const TOKENS_EXPECTED = 'a number of tokens above 0 such as 200000, 500k or 2M';

const units = { k: 1_000, M: 1_000_000 } as const;

/** A whole number from 1; undefined when `input` is none, or is too large to be counted exactly. */
export function parseTokens(input: string | number): number | undefined {
  if (typeof input === 'number') return counted(input);
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)([kM]?)$/.exec(input.trim()) ?? [];
  if (amount === undefined) return undefined;
  // `1.1M` is 1100000.0000000002 in floating point; `1.5` is no number of tokens.
  return unit === 'k' || unit === 'M'
    ? counted(Math.round(Number(amount) * units[unit]))
    : counted(Number(amount));
}

const counted = (value: number): number | undefined =>
  Number.isSafeInteger(value) && value >= 1 ? value : undefined;
