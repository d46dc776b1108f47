import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../../shared/config/durations.ts';

describe('durations', () => {
  it.each([
    ['300ms', 300],
    ['30s', 30_000],
    ['45m', 2_700_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['0.5s', 500],
    [' 10s ', 10_000],
    ['2700', 2_700_000],
    [90, 90_000],
    [0, 0],
    ['0s', 0],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    'soon',
    '10 m',
    '-5s',
    '5 minutes',
    '30m1h',
    '1h1h',
    '1hm',
    '1e3s',
    '999999999999d',
    Number.NaN,
    -1,
  ])('refuses %s', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads back every duration it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 13 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('adds up the parts of a compound form', () => {
    const part = fc.integer({ min: 0, max: 999 });
    fc.assert(
      fc.property(part, part, part, (hours, minutes, ms) => {
        expect(parseDuration(`${hours}h${minutes}m${ms}ms`)).toBe(hours * 3_600_000 + minutes * 60_000 + ms);
      }),
    );
  });

  it('writes the largest units first and leaves empty ones out', () => {
    expect([5_400_000, 90_061_001, 1_500, 0].map(formatDuration)).toEqual([
      '1h30m',
      '1d1h1m1s1ms',
      '1s500ms',
      '0s',
    ]);
  });
});
