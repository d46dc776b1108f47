import { expect, test } from 'vitest';
import { untilTime } from '../../../../services/cli/until-time.ts';

const now = Date.UTC(2026, 2, 1, 9);

test.each([
  ['30m', now + 1_800_000],
  [' 1h30m ', now + 5_400_000],
  ['2026-03-01T09:00:01Z', now + 1_000],
  ['2026-03-02', Date.UTC(2026, 2, 2)],
  ['2026-03-01T12:00:00+02:00', now + 3_600_000],
])('%s is a time to come', (text, at) => {
  expect(untilTime(text, now)).toBe(at);
});

test.each([
  '',
  '0s',
  'now',
  '-30m',
  'tomorrow',
  '2026-03-01',
  '2026-02-30T00:00:00Z',
  '20260301-090000-0001',
])('%j is none', (text) => {
  expect(() => untilTime(text, now)).toThrow('--until: expected a duration');
});
