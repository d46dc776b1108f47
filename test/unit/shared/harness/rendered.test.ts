import { expect, test } from 'vitest';
import { rendered } from '../../../../shared/harness/rendered.ts';

test('people see the words of the model, a line for each tool, and errors', () => {
  expect(rendered({ kind: 'text', text: 'two\nlines\n\n' })).toBe('two\nlines\n');
  expect(rendered({ kind: 'tool', name: 'shell', detail: 'ls\n  -l' })).toBe('→ shell ls -l\n');
  expect(rendered({ kind: 'tool', name: 'todo' })).toBe('→ todo\n');
  expect(rendered({ kind: 'error', message: 'no\nspace', willRetry: false })).toBe('! no space\n');
  expect(rendered({ kind: 'rate_limit', message: '429', willRetry: true })).toBe('! 429 (it goes on)\n');
});

test('people see nothing of what only a program needs', () => {
  expect(rendered({ kind: 'session', id: 's' })).toBe('');
  expect(rendered({ kind: 'usage', usage: { input_tokens: 1 } })).toBe('');
  expect(rendered({ kind: 'end', isError: false, text: 'done' })).toBe('');
});

test('a long call of a tool is cut', () => {
  expect(rendered({ kind: 'tool', name: 'write', detail: 'x'.repeat(10_000) }).length).toBeLessThan(250);
});
