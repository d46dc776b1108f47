/**
 * What a benchmark yields, and the arithmetic of samples. Figures of one scenario come from one run, so that their
 * ratios hold on any machine; the figures themselves do not.
 */

export interface Figure {
  /** What was varied: a row of the table. */
  readonly row: string;
  /** What was measured: a column of the table. */
  readonly column: string;
  readonly value: number;
  readonly unit: 'ms' | 'µs' | '/s' | 'bytes' | '×' | '';
}

export interface Scenario {
  /** One word, by which it can be chosen. */
  readonly name: string;
  readonly title: string;
  /** What the figures leave out, a line each. */
  readonly notMeasured: readonly string[];
  run(): Promise<readonly Figure[]>;
}

/** The value below which the part `share` (0 to 1) of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** `items` forwards in even rounds and backwards in odd ones, so that none always profits from its place. */
export function inTurns<T>(items: readonly T[], rounds: number): T[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? items : items.toReversed())).flat();
}
