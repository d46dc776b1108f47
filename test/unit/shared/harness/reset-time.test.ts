import { describe, expect, test } from 'vitest';
import {
  epochMs,
  resetOfDayTime,
  resetOfHeaders,
  resetOfWords,
  retryAfter,
} from '../../../../shared/harness/reset-time.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

test('a retry-after header is seconds or a date', () => {
  expect(retryAfter('20')).toEqual({ retryAfterMs: 20_000 });
  expect(retryAfter(7)).toEqual({ retryAfterMs: 7_000 });
  expect(retryAfter('Sun, 01 Mar 2026 12:05:00 GMT')).toEqual({ resetsAt: NOW + 300_000 });
  for (const nothing of ['soon', undefined, null, {}, '-5', '99999999999'])
    expect(retryAfter(nothing)).toEqual({});
});

test('headers tell it in milliseconds, in seconds, or as the reset of a subscription', () => {
  expect(resetOfHeaders({ 'retry-after-ms': '1500', 'retry-after': '9' })).toEqual({ retryAfterMs: 1_500 });
  expect(resetOfHeaders({ 'retry-after': '9' })).toEqual({ retryAfterMs: 9_000 });
  expect(resetOfHeaders({ 'anthropic-ratelimit-unified-reset': '1772366400' })).toEqual({ resetsAt: NOW });
  expect(resetOfHeaders({})).toEqual({});
});

test('a time since the epoch may be in seconds, in milliseconds, or written out', () => {
  expect([1_772_366_400, 1_772_366_400_000, '1772366400', '2026-03-01T12:00:00Z'].map(epochMs)).toEqual([
    NOW,
    NOW,
    NOW,
    NOW,
  ]);
  expect([undefined, 0, -1, NaN, 1e300, 'x', {}].map(epochMs)).toEqual(Array(7).fill(undefined));
});

describe('sentences', () => {
  test.each([
    ['Please try again in 20s.', 20_000],
    ['Rate limit reached. Please try again in 1.5s.', 1_500],
    ['try again in 450ms', 450],
    ['try again in 1h 20m', 4_800_000],
    ['try again in 3 days 4 hours 5 minutes.', 273_900_000],
    ['try again in 2 hours and 5 minutes', 7_500_000],
    ['retry after 30 seconds', 30_000],
    ['limit resets in about 5 minutes', 300_000],
  ])('%s', (text, retryAfterMs) => {
    expect(resetOfWords(text)).toEqual({ retryAfterMs });
  });

  test.each([
    ['Claude AI usage limit reached|1772366400', NOW],
    ['limit reached, resets_at: 1772366400', NOW],
    ['available again at 2026-03-01T12:00:00Z', NOW],
  ])('%s', (text, resetsAt) => {
    expect(resetOfWords(text)).toEqual({ resetsAt });
  });

  test('a date that is written out is in the time of this machine', () => {
    const { resetsAt } = resetOfWords('try again at Mar 3rd, 2026 3:05 PM.');
    expect(resetsAt).toBe(Date.parse('Mar 3, 2026 3:05 PM'));
  });

  test.each(['nothing of the kind', 'in 5 apples', 'ran for 20 seconds', 'took 3 tries in 2 ways'])(
    '%s',
    (text) => {
      expect(resetOfWords(text)).toEqual({});
    },
  );
});

describe('times of day', () => {
  test.each([
    ['resets 3pm (UTC)', '2026-03-01T15:00:00Z'],
    ['resets at 9am (UTC)', '2026-03-02T09:00:00Z'],
    ['try again at 3:05 PM (UTC)', '2026-03-01T15:05:00Z'],
    ['resets 12am (UTC)', '2026-03-02T00:00:00Z'],
    ['resets 3pm (Asia/Tokyo)', '2026-03-02T06:00:00Z'],
    ['resets 15:30 (UTC)', '2026-03-01T15:30:00Z'],
  ])('%s', (text, at) => {
    expect(resetOfDayTime(text, NOW)).toBe(Date.parse(at));
  });

  test('a zone that nobody knows is that of this machine; what is no time tells none', () => {
    expect(resetOfDayTime('resets 3pm (Nowhere/Land)', NOW)).toBe(resetOfDayTime('resets 3pm', NOW));
    for (const text of ['resets 5', 'resets 99pm'.replace('99', '9x'), 'at 25:00', 'again'])
      expect(resetOfDayTime(text, NOW)).toBeUndefined();
  });
});
