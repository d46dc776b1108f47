/**
 * How long a task waits after a failed try: doubling from `backoff_ms` to `backoff_max_ms`, spread by
 * ±25 % so that a burst of failures does not come back as a burst. The spread is computed from the task
 * and its fence, not drawn, because decisions must be repeatable.
 */
import type { Policies } from '../../schemas/index.ts';

/** Milliseconds to wait before try `attempts + 1`, after `attempts` failed ones. */
export function backoffMs(policies: Policies, attempts: number, seed: string): number {
  const doubled = policies.backoff_ms * 2 ** Math.min(Math.max(attempts - 1, 0), 30);
  const base = Math.min(doubled, policies.backoff_max_ms);
  return Math.round(base * (0.75 + 0.5 * fraction(seed)));
}

/** FNV-1a (public domain, 32 bit) of a text, as a fraction in [0, 1). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
