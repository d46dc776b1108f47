import { expect, test } from 'vitest';
import { shownValue } from '../../../shared/shown-value.ts';

const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown;

test.each([
  ['a text', 'x', '"x"'],
  ['an object', { a: [1, null] }, '{"a":[1,null]}'],
  ['nothing', undefined, 'nothing'],
  ['a function', () => 1, 'function'],
  ['what nests deeper than the stack', deep, 'what cannot be shown'],
  ['a number that JSON does not know', 1n, 'what cannot be shown'],
  ['what has no text of its own', { toString: 1 }, '{"toString":1}'],
  [
    'what throws when it is shown',
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
    'what cannot be shown',
  ],
])('%s has words', (_, value, words) => {
  expect(shownValue(value)).toBe(words);
});

test('no more of it is shown than was asked for', () => {
  expect(shownValue('x'.repeat(1_000), 10)).toBe(`"${'x'.repeat(9)}`);
});
