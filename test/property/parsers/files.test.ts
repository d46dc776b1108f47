/**
 * Whatever stands in a file of people: it is read, or every problem has a place and a sentence; and what a worker writes into a
 * commit's message never speaks for the committer.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../shared/config/config-file.ts';
import { parseText } from '../../../shared/config/source-text.ts';
import { readTaskFile } from '../../../shared/config/task-file.ts';
import { commitMessage } from '../../../shared/git/message.ts';
import { parseTrailers, trailerOf } from '../../../shared/git/trailers.ts';

const key = fc.oneof(
  fc.constantFrom(
    'tasks',
    'defaults',
    'project',
    'profiles',
    'lanes',
    'title',
    'id',
    '__proto__',
    'constructor',
    'toString',
  ),
  fc.string({ maxLength: 8 }),
);
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(key, tie('any'), { maxKeys: 5 }),
  ),
})).any;
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        'a: ',
        '- ',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        '"',
        '&a ',
        '*a',
        '|',
        '#',
        ',',
        '? ',
        '<<: ',
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join('')),
  value.map((one) => stringify(one)),
  value.map((one) => JSON.stringify(one)),
);

function expectProblems(problems: readonly { line: number; message: string }[]): void {
  expect(problems.length).toBeGreaterThan(0);
  for (const { line, message } of problems) {
    expect(line).toBeGreaterThanOrEqual(0);
    expect(message.length).toBeGreaterThan(0);
  }
}

describe('a file is read, or every problem of it has a place', () => {
  test('waggle.yaml', () => {
    fc.assert(
      fc.property(text, (content) => {
        const read = readConfig(content, { file: 'waggle.yaml', folder: '/work' });
        if (!read.ok) expectProblems(read.problems);
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
      }),
    );
  });

  test.each(['yaml', 'json', 'jsonl'] as const)('tasks as %s', (format) => {
    fc.assert(
      fc.property(text, (content) => {
        const read = readTaskFile(content, { file: `t.${format}`, format, now: 0 });
        if (!read.ok) expectProblems(read.problems);
      }),
    );
  });
});

describe('YAML', () => {
  test('of plain values comes back', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (wanted) => {
        const parsed = parseText(JSON.stringify(wanted), 'json');
        if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join());
        expect(parsed.source.value ?? null).toEqual(JSON.parse(JSON.stringify(wanted)));
      }),
    );
  });

  test('that nests more deeply than any file means is refused with its line', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('[', '{a: ', '- ', 'a:\n '),
        fc.integer({ min: 400, max: 20_000 }),
        (open, depth) => {
          const parsed = parseText(`x: 1\ny: ${open.repeat(depth)}`, 'yaml');
          expect(parsed.ok).toBe(false);
        },
      ),
      { numRuns: 20 },
    );
    expect(parseText(`a: 1\nb: ${'['.repeat(500)}`, 'yaml')).toEqual({
      ok: false,
      problems: [{ line: 2, message: 'nests more than 100 levels deep' }],
    });
  });

  test('with thousands of doubled keys names each of them', () => {
    const parsed = parseText(Array.from({ length: 3_000 }, () => 'a: 1').join('\n'), 'yaml');
    if (parsed.ok) throw new Error('it was taken');
    expect(parsed.problems.length).toBe(2_999);
    expect(parsed.problems[0]).toEqual({ line: 2, message: 'key `a` appears twice, first on line 1' });
  });
});

describe('a message of a commit', () => {
  const own = { task: 'a-1', run: 'gen-7', fence: 7, agent: 'w1' };
  const words = fc
    .array(
      fc.constantFrom(
        'feat: x',
        'Waggle-Run: other',
        ' Waggle-Task : b',
        '> waggle-fence: 9',
        '\n',
        '\n\n',
        '\r',
        '\u2028',
        '\t',
        ' ',
        'Key: value',
        '\0',
        'text',
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(''));

  test('ends with the trailers of the committer, whatever the worker wrote', () => {
    fc.assert(
      fc.property(fc.oneof(words, fc.string({ unit: 'binary' })), words, (workerMessage, title) => {
        const message = commitMessage({ trailers: own, title, workerMessage });
        expect(parseTrailers(message).map(({ key, value }) => `${key}: ${value}`)).toEqual([
          'Waggle-Task: a-1',
          'Waggle-Run: gen-7',
          'Waggle-Fence: 7',
          'Waggle-Agent: w1',
        ]);
        expect(trailerOf(message, 'Waggle-Run')).toBe('gen-7');
      }),
    );
  });
});
