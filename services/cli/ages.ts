/**
 * Ages for people: one unit, rounded down.
 */

/** `42s`, `3m`, `5h`, `2d`; an age below zero (a clock elsewhere is ahead) counts as 0. */
export function formatAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `3m ago`, and `just now` below a second. */
export function formatAgo(ageMs: number): string {
  return ageMs < 1_000 ? 'just now' : `${formatAge(ageMs)} ago`;
}
