import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../../shared/config/config-file.ts';
import { parseText } from '../../../../shared/config/source-text.ts';

const problems = (text: string, format: 'yaml' | 'json' = 'yaml') => {
  const parsed = parseText(text, format);
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
};

describe('YAML text', () => {
  it('names both lines of a key that appears twice, and every such key', () => {
    expect(problems('a: 1\nb:\n  c: 1\n  c: 2\na: 2\n')).toEqual([
      '4: key `c` appears twice, first on line 3',
      '5: key `a` appears twice, first on line 1',
    ]);
  });

  it.each([
    ['a:\n\tb: 1\n', '2: indented with a tab; YAML takes spaces only'],
    ['a: b: c\n', '1: a second `:` on one line; put text that holds `: ` in quotes'],
    ['a: 1\n---\nb: 2\n', '2: a second document begins here (`---`); one file holds one'],
    ['? [a]\n: b\n', '1: a key must be plain text'],
    ['a\0b', '1: is not a text file'],
    ['a: 1\nb: "x\n', '3: is not valid YAML: Missing closing "quote'],
    ['a: !secret x\n', '1: is not valid YAML: Unresolved tag: !secret'],
    ['- a\nb: 1\n', '2: is not valid YAML: Unexpected scalar at node end'],
  ])('%j is refused at its line', (text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('does not let aliases multiply without bound', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [before, after] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair])) {
      levels.push(`${after}: &${after} [${Array(10).fill(`*${before}`).join(', ')}]`);
    }
    expect(problems(levels.join('\n'))).toHaveLength(1);
  });

  it('may hold an anchor that holds itself: whoever reads by a shape sees only as deep as that', () => {
    const outcome = readConfig('project: a\nbus: &x { output_max_age: *x }', { file: 'w', folder: '/' });
    expect(outcome).toMatchObject({ ok: false, problems: [{ line: 2, key: 'bus.output_max_age' }] });
  });

  it('knows the lines of keys, entries and, for what is absent, of the parent', () => {
    const parsed = parseText('# top\na:\n  - x\n  - k: 1\n    m: 2\n', 'yaml');
    if (!parsed.ok) throw new Error('must parse');
    const { lineOf } = parsed.source;
    expect([[], ['a'], ['a', 1], ['a', 1, 'm'], ['a', 1, 'zz'], ['zz']].map(lineOf)).toEqual([
      2, 2, 4, 5, 4, 2,
    ]);
  });

  it('reads files with a byte order mark and with Windows line ends', () => {
    const parsed = parseText('\uFEFFa: 1\r\nb: 2\r\n', 'yaml');
    expect(parsed.ok && parsed.source.value).toEqual({ a: 1, b: 2 });
    expect(parsed.ok && parsed.source.lineOf(['b'])).toBe(2);
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&x ',
      '*x',
      '|',
      '\t',
      '!',
      '%',
      '#',
      '---',
      '?',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.constantFrom('yaml', 'json'), (pieces, format) => {
        const parsed = parseText(pieces.join(''), format as 'yaml' | 'json');
        expect(parsed.ok || parsed.problems.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('JSON text', () => {
  it('is read with its lines', () => {
    const parsed = parseText('[\n\t{"a": 1,\n\t"b\\u00e9": "\\ud83d\\ude00"}\n]', 'json');
    expect(parsed.ok && parsed.source.value).toEqual([{ a: 1, bé: '😀' }]);
    expect(parsed.ok && parsed.source.lineOf([0, 'bé'])).toBe(3);
  });

  it('gives every JSON value as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value);
        const parsed = parseText(text, 'json');
        expect(parsed.ok && (parsed.source.value ?? null)).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['{"a": 1,\n}', 2],
    ["{'a': 1}", 1],
    ['{"a": 1\n', 1],
    ['[1,\n2,\nnope]', 3],
    [`[${'"some text",\n'.repeat(30)}nope, ${'"some text",\n'.repeat(30)}1]`, 31],
    ['a: 1', 1],
    ['# no\n{}', 1],
  ])('%j is refused: YAML is not JSON', (text, line) => {
    const [problem, ...more] = problems(text, 'json');
    expect(more).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${line}: is not valid JSON: .`));
    expect(problem).not.toContain('\n');
  });

  it('refuses a key that appears twice', () => {
    expect(problems('{"a": 1,\n"a": 2}', 'json')).toEqual(['2: key `a` appears twice, first on line 1']);
  });
});
