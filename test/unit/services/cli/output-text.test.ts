import { expect, it } from 'vitest';
import { lastLines, outputText } from '../../../../services/cli/output-text.ts';

it('output comes without colours and cursor movements; progress bars become lines', () => {
  expect(outputText('\x1b[31mred\x1b[0m\r\n10%\r20%\x1b[2K\tdone\x07\n')).toBe('red\n10%\n20%\tdone\n');
});

it('the last lines count a line that is not ended, and keep the end as it is', () => {
  expect(lastLines('a\nb\nc\n', 2)).toBe('b\nc\n');
  expect(lastLines('a\nb\nc', 2)).toBe('b\nc');
  expect(lastLines('a\n', 5)).toBe('a\n');
  expect(lastLines('a\nb\n', 0)).toBe('');
});
