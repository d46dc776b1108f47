/**
 * Ten seconds of fuzzing, all targets together, and every input that once showed a fault. `npm run fuzz` goes on for longer,
 * with other seeds.
 */
import { describe, expect, test } from 'vitest';
import { findingText } from './finding.ts';
import { fuzz, replay } from './fuzz.ts';
import { regressions } from './regressions.ts';
import { targets } from './targets.ts';

const TOGETHER_MS = 10_000;
const SEED = '1';

test('no parser breaks its promises on the inputs of a fixed seed', async () => {
  const { findings, inputs } = await fuzz({ targets, seed: SEED, ms: TOGETHER_MS });
  expect(findings.map(findingText).join('\n')).toBe('');
  expect(Object.keys(inputs).sort()).toEqual(targets.map(({ name }) => name).sort());
}, 300_000);

test('targets have names of their own, and valid input to begin with', () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  expect(targets.filter(({ corpus }) => corpus.length === 0)).toEqual([]);
});

describe('what once showed a fault shows none', () => {
  test.each(regressions.map((one, at) => ({ ...one, at })))(
    '$target $at: it $did',
    async ({ target, input }) => {
      const wanted = targets.find(({ name }) => name === target);
      expect(wanted, 'the target is there').toBeDefined();
      const findings = await replay(wanted!, [input]);
      expect(findings.map(findingText).join('\n')).toBe('');
    },
  );
});
