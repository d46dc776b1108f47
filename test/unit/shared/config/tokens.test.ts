import { describe, expect, it } from 'vitest';
import { parseTokens } from '../../../../shared/config/tokens.ts';

describe('numbers of tokens', () => {
  it.each([
    [1, 1],
    ['200000', 200_000],
    ['500k', 500_000],
    ['2M', 2_000_000],
    ['1.1M', 1_100_000],
    ['0.5k', 500],
    [' 3k ', 3_000],
  ])('%j are %d', (text, tokens) => {
    expect(parseTokens(text)).toBe(tokens);
  });

  it.each([
    0,
    -1,
    1.5,
    2 ** 53,
    '0',
    '0.4',
    '1.5',
    '2G',
    '2m',
    '1K',
    '',
    'k',
    '-1k',
    '1e9',
    '99999999999999M',
  ])('%j are none', (text) => {
    expect(parseTokens(text)).toBeUndefined();
  });
});
