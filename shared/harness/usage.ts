/**
 * Sums of what processes used. A figure that none of them told stays absent. Pure.
 */
import type { Usage } from '../../schemas/index.ts';

/** Both together. */
export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return withoutAbsent({
    input_tokens: sum(one.input_tokens, other.input_tokens),
    cached_input_tokens: sum(one.cached_input_tokens, other.cached_input_tokens),
    output_tokens: sum(one.output_tokens, other.output_tokens),
    cost_usd: sum(one.cost_usd, other.cost_usd),
    duration_ms: sum(one.duration_ms, other.duration_ms),
  });
}

/** What of `all` came after `before`; never less than nothing. */
export function subtractUsage(all: Usage, before: Usage | undefined): Usage {
  if (before === undefined) return all;
  return withoutAbsent({
    input_tokens: rest(all.input_tokens, before.input_tokens),
    cached_input_tokens: rest(all.cached_input_tokens, before.cached_input_tokens),
    output_tokens: rest(all.output_tokens, before.output_tokens),
    cost_usd: rest(all.cost_usd, before.cost_usd),
    duration_ms: rest(all.duration_ms, before.duration_ms),
  });
}

/** Tokens in and out. */
export const tokensOf = (usage: Usage | undefined): number =>
  (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0);

const sum = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : one + (other ?? 0);

const rest = (all: number | undefined, before: number | undefined): number | undefined =>
  all === undefined ? undefined : Math.max(0, all - (before ?? 0));

function withoutAbsent(fields: { readonly [Key in keyof Usage]: Usage[Key] | undefined }): Usage {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
