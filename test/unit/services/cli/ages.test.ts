import { expect, it } from 'vitest';
import { formatAge, formatAgo } from '../../../../services/cli/ages.ts';

it.each([
  [-5_000, '0s', 'just now'],
  [999, '0s', 'just now'],
  [1_000, '1s', '1s ago'],
  [59_999, '59s', '59s ago'],
  [180_000, '3m', '3m ago'],
  [3_599_999, '59m', '59m ago'],
  [7_200_000, '2h', '2h ago'],
  [86_400_000, '1d', '1d ago'],
  [40 * 86_400_000, '40d', '40d ago'],
])('an age of %i ms is %s, or %s', (ageMs, age, ago) => {
  expect([formatAge(ageMs), formatAgo(ageMs)]).toEqual([age, ago]);
});
