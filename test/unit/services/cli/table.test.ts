import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paintFor } from '../../../../services/cli/paint.ts';
import { formatTable, textWidth } from '../../../../services/cli/table.ts';

describe('a table', () => {
  it('has columns two spaces apart and nothing after the last', () => {
    const rows = [
      ['alice', 'active', undefined],
      ['bob', '2h ago', 'offline'],
      ['carol', '2d ago', 'working on fmail'],
    ];
    expect(formatTable(['NAME', 'LAST SEEN', 'STATUS'], rows)).toBe(
      [
        'NAME   LAST SEEN  STATUS',
        'alice  active     -',
        'bob    2h ago     offline',
        'carol  2d ago     working on fmail',
        '',
      ].join('\n'),
    );
  });

  it('sets numbers to the right when asked', () => {
    expect(
      formatTable(
        ['LANE', { title: 'N', align: 'right' }],
        [
          ['main', 5],
          ['b', 120],
        ],
      ),
    ).toBe('LANE    N\nmain    5\nb     120\n');
  });

  it('is nothing without rows', () => {
    expect(formatTable(['A'], [])).toBe('');
  });

  it('keeps each row on one line, whatever a cell holds, and lets no cell move the cursor', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        (cells) => {
          const text = formatTable(
            ['A', 'B'],
            cells.map((cell) => [cell, '\x1b[2Jx\r\ny']),
          );
          expect(text.split('\n')).toHaveLength(cells.length + 2);
          expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        },
      ),
    );
  });

  it('counts what a terminal shows: wide letters twice, joined emoji once', () => {
    expect(['abc', 'é', 'e\u0301', '日本', '👩‍👩‍👧'].map(textWidth)).toEqual([3, 1, 1, 4, 2]);
    expect(
      formatTable(
        ['A', 'B'],
        [
          ['日本', 1],
          ['ab', 2],
        ],
      ),
    ).toBe('A     B\n日本  1\nab    2\n');
  });

  it('is coloured on a terminal only', () => {
    const table = (isTTY: boolean, noColor: boolean) =>
      formatTable(['A'], [['x']], paintFor({ isTTY }, noColor));
    expect(table(true, false)).toBe('\x1b[1mA\x1b[0m\nx\n');
    expect(table(true, true)).toBe('A\nx\n');
    expect(table(false, false)).toBe('A\nx\n');
  });
});
