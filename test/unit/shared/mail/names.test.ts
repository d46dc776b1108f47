import { describe, expect, it } from 'vitest';
import { readAgent, readTags, readTarget } from '../../../../shared/mail/names.ts';

const bad = ['', '@', 'a_b', 'a.b', 'a b', '@@a', '-a', 'x'.repeat(64), 'naïve', 'a\u0000', 'ｂ', '>', '*'];
const refusal = expect.objectContaining({ code: 'mail-invalid', exitCode: 1 });

describe('a target', () => {
  it('is a topic or an @agent, in any case', () => {
    expect(readTarget(' Tasks ')).toEqual({ kind: 'topic', name: 'tasks' });
    expect(readTarget('@Alice-2')).toEqual({ kind: 'agent', name: 'alice-2' });
  });

  it('has at most 63 characters', () => {
    expect(readTarget('x'.repeat(63)).name).toHaveLength(63);
    expect(readTarget(`@${'x'.repeat(63)}`).name).toHaveLength(63);
  });

  it.each(bad)('is not %j', (text) => {
    expect(() => readTarget(text)).toThrow(refusal);
    expect(() => readTarget(`@${text}`)).toThrow(refusal);
  });

  it('that is far too long is not repeated whole', () => {
    expect(() => readTarget('x'.repeat(1_000_000))).toThrow(/^.{0,300}$/);
  });
});

describe('an agent', () => {
  it('is written with or without an @', () => {
    expect([readAgent('@Bob'), readAgent(' bob ')]).toEqual(['bob', 'bob']);
    expect(readAgent('x'.repeat(63))).toHaveLength(63);
  });

  it.each(bad)('is not %j', (text) => {
    expect(() => readAgent(text)).toThrow(refusal);
  });
});

describe('tags', () => {
  it('are lower-cased, each once; empty ones are none', () => {
    expect(readTags(['A', 'b', 'a', ' '])).toEqual(['a', 'b']);
  });

  it('are at most ten', () => {
    const tags = Array.from({ length: 11 }, (_, n) => `t${n}`);
    expect(readTags(tags.slice(0, 10))).toHaveLength(10);
    expect(() => readTags(tags)).toThrow('invalid tags: invalid tag: max 10 tags; got 11');
    // A repeat is no eleventh tag.
    expect(readTags([...tags.slice(0, 10), 'T9'])).toHaveLength(10);
  });

  it('have at most fifty characters', () => {
    expect(readTags(['x'.repeat(50)])).toHaveLength(1);
    expect(() => readTags(['x'.repeat(51)])).toThrow(refusal);
  });

  it.each(['a_b', 'a b', 'é', 'a\u0007'])('are letters, digits and dashes: not %j', (tag) => {
    expect(() => readTags([tag])).toThrow(refusal);
  });
});
