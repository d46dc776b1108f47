import { expect, it } from 'vitest';
import { readSince } from '../../../../../services/cli/fmail/since.ts';

const now = Date.UTC(2026, 2, 10, 12);

it.each([
  ['now', '2026-03-10T12:00:00Z'],
  ['1h30m', '2026-03-10T10:30:00Z'],
  ['3.5d', '2026-03-07T00:00:00Z'],
  ['2026-03-01', '2026-03-01T00:00:00Z'],
  ['2026-03-01T09:08:07', '2026-03-01T09:08:07Z'],
  ['2026-03-01T09:08:07Z', '2026-03-01T09:08:07Z'],
  ['2026-03-01T09:08:07.5+02:00', '2026-03-01T07:08:07.500Z'],
])('%s is %s', (text, at) => {
  expect(readSince(text, now)).toBe(Date.parse(at));
});

it.each(['', 'yesterday', '-1h', '5', '2026-13-01', '09:00', '1h 30m'])(
  '%j is usage, with what was expected',
  (text) => {
    expect(() => readSince(text, now)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('expected now') }),
    );
  },
);
