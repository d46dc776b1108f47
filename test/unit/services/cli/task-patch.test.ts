import { describe, expect, it } from 'vitest';
import { readPatch } from '../../../../services/cli/task-patch.ts';
import { problemsText } from '../../../../shared/config/file-problem.ts';

const problems = (value: unknown) => {
  const read = readPatch(value, 0);
  return read.ok ? 'none' : problemsText(read.problems);
};

describe('a patch', () => {
  it('is read by the rules of a task file', () => {
    expect(readPatch({ priority: 1, deps: ['A-1'], not_before: '+10m', title: ' New ' }, 1_000)).toEqual({
      ok: true,
      value: { priority: 'P1', deps: ['a-1'], not_before: 601_000, title: 'New' },
    });
  });

  it('empties a field with null: a list to no entry, the others to nothing', () => {
    expect(readPatch({ deps: null, parent: null, not_before: null }, 0)).toEqual({
      ok: true,
      value: { deps: [], parent: null, not_before: null },
    });
  });

  it('names every problem at once', () => {
    expect(problems({ id: 'b', priority: 'P9', title: null }).split('\n')).toEqual([
      expect.stringContaining('unknown key `id`'),
      'priority: expected one of P0…P4, got "P9"',
      expect.stringContaining('title: it cannot be cleared'),
    ]);
    expect(problems([1])).toBe('expected a JSON object of the fields to change, got a list of 1');
  });
});
