import { expect, it } from 'vitest';
import {
  budgetWords,
  costText,
  shareText,
  tokenText,
  totalTokens,
  totalTokenText,
  usageWords,
} from '../../../../services/cli/usage-words.ts';

it.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1k'],
  [12_345, '12.3k'],
  [123_456, '123k'],
  [999_499, '999k'],
  [999_500, '1M'],
  [4_100_000, '4.1M'],
])('%i tokens are %s', (tokens, text) => {
  expect(tokenText(tokens)).toBe(text);
});

it.each([
  [0, '$0.00'],
  [0.0042, '$0.0042'],
  [0.5, '$0.50'],
  [12.345, '$12.35'],
])('%d US dollars are %s', (usd, text) => {
  expect(costText(usd)).toBe(text);
});

it('usage says what is known, and of what is unknown nothing', () => {
  const usage = {
    input_tokens: 12_300,
    cached_input_tokens: 8_000,
    output_tokens: 950,
    cost_usd: 0.42,
    duration_ms: 180_900,
  };
  expect(usageWords(usage)).toBe('12.3k in (8k cached), 950 out, $0.42, 3m');
  expect(usageWords({ cost_usd: 1 })).toBe('$1.00');
  expect(usageWords({})).toBe('');
});

it('tokens of a run are those that went in and those that came out, where either is known', () => {
  expect(totalTokens({ input_tokens: 5, cached_input_tokens: 4, output_tokens: 2 })).toBe(7);
  expect(totalTokens({ output_tokens: 2 })).toBe(2);
  expect(totalTokenText({ cost_usd: 1 })).toBeUndefined();
  expect(totalTokenText(undefined)).toBeUndefined();
});

it('a budget is told with what it limits, its share and its level', () => {
  const mark = { scope: 'profile', name: 'big', what: 'tokens', used: 969_999, limit: 1_000_000 } as const;
  expect(budgetWords({ ...mark, level: 'pause', day: '2026-03-01' })).toBe(
    'profile big: 96 % of 1M tokens on 2026-03-01 (pause)',
  );
  expect(budgetWords({ ...mark, what: 'cost_usd', used: 1, limit: 4 })).toBe('profile big: 25 % of $4.00');
  expect(shareText({ used: 9_999, limit: 10_000 })).toBe('99 %');
});
