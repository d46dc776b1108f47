/**
 * Arithmetic of usage: what runs used, field by field. What a harness does not tell stays absent, because unknown is
 * not none. Costs are kept in whole millionths of a dollar, so that sums are the same in any order: boards that were
 * folded in one go and in parts must not differ.
 *
 * Workers say the numbers, so any may come: none grows beyond what is counted exactly, let alone to an infinite one,
 * which no message can hold.
 */
import type { Usage } from '../../schemas/index.ts';

/** Nothing that is known. */
export const none: Usage = {};

const fields = ['input_tokens', 'cached_input_tokens', 'output_tokens', 'cost_usd', 'duration_ms'] as const;

/** The sum; `a` itself where nothing is added. */
export const addUsage = (a: Usage, b: Usage): Usage =>
  b === none ? a : joined(a, b, (one, other) => one + other);

/** The greater of both, field by field: what is told twice never shrinks. */
export const mostUsage = (a: Usage, b: Usage): Usage => joined(a, b, Math.max);

/** What `now` has beyond `before`; a field that it does not tell is absent. */
export function growthOf(before: Usage, now: Usage): Usage {
  const grown: Usage = {};
  for (const field of fields) {
    const value = now[field];
    if (value !== undefined)
      grown[field] = kept(field, Math.max(0, kept(field, value) - (before[field] ?? 0)));
  }
  return grown;
}

/** Input and output together, as budgets count them. */
export const tokensOf = ({ input_tokens = 0, output_tokens = 0 }: Usage): number =>
  input_tokens + output_tokens;

function joined(a: Usage, b: Usage, join: (one: number, other: number) => number): Usage {
  const sum: Usage = {};
  for (const field of fields) {
    if (a[field] === undefined && b[field] === undefined) continue;
    sum[field] = kept(field, join(a[field] ?? 0, b[field] ?? 0));
  }
  return sum;
}

const MILLION = 1_000_000;
const COST_MOST = Math.floor(Number.MAX_SAFE_INTEGER / MILLION);

/** In whole millionths. */
export const exact = (value: number): number => Math.round(value * MILLION) / MILLION;

const kept = (field: (typeof fields)[number], value: number): number =>
  field === 'cost_usd' ? exact(Math.min(value, COST_MOST)) : Math.min(value, Number.MAX_SAFE_INTEGER);
