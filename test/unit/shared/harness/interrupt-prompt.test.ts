import { expect, test } from 'vitest';
import { interruptPrompt, restartPrompt } from '../../../../shared/harness/interrupt-prompt.ts';

test('an interruption begins with its heading and holds all words in order', () => {
  const text = interruptPrompt(['first', 'second']);
  expect(text.startsWith('## Interrupt Context\n\n')).toBe(true);
  expect(text.indexOf('first')).toBeLessThan(text.indexOf('second'));
});

test('a new beginning holds the words, what was said last, and the task at its end', () => {
  const text = restartPrompt(['use the other door'], 'it said\n```\ncode', '# Task\n\nMake honey.\n');
  expect(text.startsWith('## Interrupt Context\n\n')).toBe(true);
  expect(text).toContain('````\nit said\n```\ncode\n````');
  expect(text.endsWith('# Task\n\nMake honey.\n')).toBe(true);
});

test('a new beginning after which nothing was said shows no empty fence', () => {
  expect(restartPrompt(['x'], '', 'task')).not.toContain('```');
});
