/**
 * Tokens, money and time that runs used, and the budgets they count against, in a few words each. Pure.
 */
import type { BudgetMark, Usage } from '../../schemas/index.ts';
import { formatDuration } from '../../shared/config/durations.ts';
import { assertNever } from '../../shared/errors.ts';

/** `950`, `12.3k`, `4M`: three digits are enough to judge by. */
export function tokenText(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  // 999,500 and more would round to `1000k`.
  return tokens < 999_500 ? `${rounded(tokens / 1_000)}k` : `${rounded(tokens / 1_000_000)}M`;
}

/** `$0.42`, and `$0.0042` below a cent. */
export function costText(usd: number): string {
  return `$${usd > 0 && usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(2)}`;
}

/** Input and output together; undefined when neither is known. */
export function totalTokens({ input_tokens, output_tokens }: Usage): number | undefined {
  if (input_tokens === undefined && output_tokens === undefined) return undefined;
  return (input_tokens ?? 0) + (output_tokens ?? 0);
}

/** The same as text. */
export function totalTokenText(usage: Usage | undefined): string | undefined {
  const tokens = usage === undefined ? undefined : totalTokens(usage);
  return tokens === undefined ? undefined : tokenText(tokens);
}

/** `12.3k in (8k cached), 1.2k out, $0.42, 3m`; the empty text when nothing is known. */
export function usageWords(usage: Usage): string {
  const { input_tokens, cached_input_tokens, output_tokens, cost_usd, duration_ms } = usage;
  const cached = cached_input_tokens === undefined ? '' : ` (${tokenText(cached_input_tokens)} cached)`;
  return [
    ...(input_tokens === undefined ? [] : [`${tokenText(input_tokens)} in${cached}`]),
    ...(output_tokens === undefined ? [] : [`${tokenText(output_tokens)} out`]),
    ...(cost_usd === undefined ? [] : [costText(cost_usd)]),
    ...(duration_ms === undefined ? [] : [workTime(duration_ms)]),
  ].join(', ');
}

/** A duration to the second. */
export function workTime(ms: number): string {
  return ms < 1_000 ? formatDuration(ms) : formatDuration(Math.floor(ms / 1_000) * 1_000);
}

/** `profile big: 96 % of 1M tokens on 2026-03-01 (pause)`. */
export function budgetWords(mark: BudgetMark): string {
  const { scope, name, day, level, what, limit } = mark;
  const when = day === undefined ? '' : ` on ${day}`;
  return `${scope} ${name}: ${shareText(mark)} of ${amountText(what, limit)}${when}${level === undefined ? '' : ` (${level})`}`;
}

/** How much of a budget is used: `96 %`. Rounded down, so that 100 % is never told early. */
export function shareText({ used, limit }: Pick<BudgetMark, 'used' | 'limit'>): string {
  return `${Math.floor((used / limit) * 100)} %`;
}

/** So much of what a budget limits. */
export function amountText(what: BudgetMark['what'], amount: number): string {
  switch (what) {
    case 'tokens':
      return `${tokenText(amount)} tokens`;
    case 'cost_usd':
      return costText(amount);
    case 'duration_ms':
      return workTime(amount);
    default:
      return assertNever(what);
  }
}

function rounded(value: number): string {
  return String(Number(value.toFixed(value < 100 ? 1 : 0)));
}
