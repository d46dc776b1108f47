import { describe, expect, it } from 'vitest';
import { readSender, readTags, readTarget } from '../../../../../services/cli/fmail/target.ts';

describe('a target', () => {
  it('is a topic or an @agent, in any case', () => {
    expect(readTarget(' Tasks ')).toEqual({ kind: 'topic', name: 'tasks' });
    expect(readTarget('@Alice-2')).toEqual({ kind: 'agent', name: 'alice-2' });
  });

  it.each(['', '@', 'a_b', 'a.b', 'a b', '@@a', '-a', 'x'.repeat(64)])('is not %j: exit 1', (text) => {
    expect(() => readTarget(text)).toThrow(expect.objectContaining({ code: 'mail-invalid', exitCode: 1 }));
  });
});

it('a sender may be written with an @; a bad one is usage', () => {
  expect(readSender('@Bob')).toBe('bob');
  expect(() => readSender('b b')).toThrow(expect.objectContaining({ exitCode: 2 }));
});

describe('tags', () => {
  it('are lower-cased, each once', () => {
    expect(readTags(['A', 'b', 'a', ' '])).toEqual(['a', 'b']);
  });

  it('are at most ten, of at most 50 letters, digits and dashes', () => {
    expect(readTags(['x'.repeat(50)])).toHaveLength(1);
    for (const bad of [['a_b'], ['x'.repeat(51)], Array.from({ length: 11 }, (_, n) => `t${n}`)]) {
      expect(() => readTags(bad)).toThrow(expect.objectContaining({ exitCode: 1 }));
    }
  });
});
