/**
 * Durations as people write them (`300ms`, `30s`, `45m`, `2h`, `1d`, `1h30m`, or a number of seconds)
 * and as the code uses them (whole milliseconds).
 */

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

/** How a duration is described to somebody who wrote something else. */
export const DURATION_EXPECTED = 'a duration such as 300ms, 30s, 45m, 2h, 1h30m or 1d';

/**
 * Whole milliseconds, rounded; a bare number means seconds. Undefined when `input` is no duration, is
 * negative, or is too long to be counted exactly. Compound forms go from the largest unit to the smallest.
 */
export function parseDuration(input: string | number): number | undefined {
  if (typeof input === 'number') return whole(input * unitMs.s);
  const text = input.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return whole(Number(text) * unitMs.s);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    const size = unitMs[unit as Unit];
    if (size >= last) return undefined;
    last = size;
    total += Number(amount) * size;
  }
  return whole(total);
}

/** Milliseconds of a duration that was checked before, or what stands for an absent one. */
export const msOr = (input: string | number | undefined, fallbackMs: number): number =>
  input === undefined ? fallbackMs : (parseDuration(input) ?? fallbackMs);

/** The shortest exact form that `parseDuration` reads back: `1h30m`, `45s`, `1s500ms`, `0s`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  if (rest === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / unitMs[unit]);
    rest -= amount * unitMs[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text;
}

function whole(ms: number): number | undefined {
  const rounded = Math.round(ms);
  return Number.isSafeInteger(rounded) && ms >= 0 ? rounded : undefined;
}
