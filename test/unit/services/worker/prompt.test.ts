import { expect, test } from 'vitest';
import type { TaskGrant } from '../../../../schemas/index.ts';
import { composePrompt } from '../../../../services/worker/prompt.ts';

const grant = (more: Partial<TaskGrant>): TaskGrant => ({
  kind: 'work',
  fence: 1,
  run: 'r',
  task: 't',
  title: 'The title',
  lease_ms: 1,
  expects: 'none',
  attempt: 1,
  gates: [],
  labels: [],
  paths: [],
  attachments: [],
  ...more,
});

test("the task's own words stand first and untouched; a task without a body is its title", () => {
  expect(composePrompt(grant({}))).toBe('The title\n');
  expect(composePrompt(grant({ body: '  Do\n\n\tthis  ' }))).toBe('  Do\n\n\tthis\n');
});

test('progress and what earlier tries left follow under headings, in their order', () => {
  const prompt = composePrompt(
    grant({
      body: 'Do this.',
      note: 'half done\n',
      attachments: [
        { kind: 'conflict', at: 1, text: 'in a.txt' },
        { kind: 'gate', at: 2, text: 'VG-A\nred' },
        { kind: 'answer', at: 3, text: 'blue' },
      ],
    }),
  );
  expect(prompt).toBe(
    [
      'Do this.',
      '## Progress so far\n\nhalf done',
      '## An earlier change conflicted with what was committed meanwhile\n\nin a.txt',
      '## An earlier change did not pass its gates\n\nVG-A\nred',
      '## Answer to your question\n\nblue\n',
    ].join('\n\n'),
  );
});
