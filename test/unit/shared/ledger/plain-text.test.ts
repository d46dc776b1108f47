import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { oneLine, plainText } from '../../../../shared/ledger/plain-text.ts';

it.each([
  ['colours', '\x1b[1;31mred\x1b[0m', 'red'],
  ['colours of one byte', '\x9b31mred', 'red'],
  ['titles', '\x1b]0;title\x07text', 'text'],
  ['links', '\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['cursor movements', 'a\x1b[2K\x1b[1Gb\x1b7c\x1b(Bd', 'abcd'],
  ['the introducer of a title without an end, not the text', '\x1b]0;text\nmore', '0;text\nmore'],
  ['escapes that are cut off', 'a\x1b[31', 'a31'],
  ['bells, nulls and backspaces', 'a\x00b\x07c\x08d\x7f', 'abcd'],
  ['marks that reorder text', 'a\u202eb\u2066c', 'abc'],
])('drops %s', (_, text, plain) => {
  expect(plainText(text)).toBe(plain);
});

it('keeps tabs and line feeds, and begins a line at a carriage return', () => {
  expect(plainText('a\tb\r\nc\r\r\nd\n10%\r20%\re')).toBe('a\tb\nc\nd\n10%\n20%\ne');
});

it('makes one line of many', () => {
  expect(oneLine(' a\n b\r\nc\td\u2028e\x1b[0m ')).toBe('a  b c d e');
});

test('no control character is left of anything', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\x1b', '\x1b[', '\x1b]', '\x9d', '\r', '\x07'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      expect(plainText(pieces.join(''))).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      expect(oneLine(pieces.join(''))).not.toMatch(/[\t\n\r\u2028\u2029]/);
    }),
    { numRuns: 50 },
  );
});

test('long runs of unfinished escapes end', () => {
  for (const piece of ['\x1b', '\x1b[', '\x1b]', '\x9d', '\x1b[1;', '\x1b]a', '\r', '\x1b '])
    expect(plainText(piece.repeat((1024 * 1024) / piece.length))).not.toContain('\x1b');
});
