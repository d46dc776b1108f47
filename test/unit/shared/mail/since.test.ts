import { expect, it } from 'vitest';
import { readSince, readTime } from '../../../../shared/mail/since.ts';

const now = Date.UTC(2026, 2, 10, 12);

it.each([
  ['now', '2026-03-10T12:00:00Z'],
  [' NOW ', '2026-03-10T12:00:00Z'],
  ['1h30m', '2026-03-10T10:30:00Z'],
  ['30m1h', '2026-03-10T10:30:00Z'],
  ['1.5h', '2026-03-10T10:30:00Z'],
  ['.5h', '2026-03-10T11:30:00Z'],
  ['0s', '2026-03-10T12:00:00Z'],
  ['250ms', '2026-03-10T11:59:59.750Z'],
  ['2000000us', '2026-03-10T11:59:58Z'],
  ['3d', '2026-03-07T12:00:00Z'],
  ['3.5d', '2026-03-07T00:00:00Z'],
  ['1d12h', '2026-03-09T00:00:00Z'],
  ['999999999d', '1970-01-01T00:00:00Z'],
  ['2026-03-01', '2026-03-01T00:00:00Z'],
  ['2024-02-29', '2024-02-29T00:00:00Z'],
  ['2026-03-01T09:08:07', '2026-03-01T09:08:07Z'],
  ['2026-03-01T09:08:07Z', '2026-03-01T09:08:07Z'],
  ['2026-03-01t09:08:07z', '2026-03-01T09:08:07Z'],
  ['2026-03-01T09:08:07.5+02:00', '2026-03-01T07:08:07.500Z'],
  ['2026-03-01T09:08:07.123456789Z', '2026-03-01T09:08:07.123Z'],
])('%s is %s', (text, at) => {
  expect(readTime(text, now)).toBe(Date.parse(at));
  expect(readSince(text, now)).toEqual({ at: Date.parse(at) });
});

it('the id of a mail is its sequence', () => {
  expect(readSince('20260209-120000-0003', now)).toEqual({ seq: 3 });
  expect(readSince(' 20260209-120000-123456 ', now)).toEqual({ seq: 123_456 });
});

it.each([
  '',
  'yesterday',
  '-1h',
  '5',
  '1w',
  '2026-13-01',
  '2026-02-30',
  '2026-03-01T25:00:00Z',
  '2026-03-01T09:00',
  '09:00',
  '1h 30m',
  '20260209-120000-0000',
  '20260209-120000-003',
])('%j is usage, with what was expected', (text) => {
  expect(() => readSince(text, now)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining('expected now') }),
  );
});
