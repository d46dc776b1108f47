import { expect, it } from 'vitest';
import type { RunNote, RunRecord } from '../../../../schemas/index.ts';
import type { JournalEvent } from '../../../../services/cli/event-words.ts';
import { notedFields, notedOf, notedParts } from '../../../../services/cli/run-note.ts';

const run: RunRecord = {
  fence: 5,
  run: 'g-5',
  task: 't',
  kind: 'work',
  agent: 'w1',
  profile: 'big',
  pool: 'main',
  granted_at: 0,
  checkpoints: 0,
};
const note: RunNote = {
  harness: 'claude',
  model: 'opus',
  mode: 'single-task',
  outcome: 'rate_limited',
  evidence: ['result: usage limit\x1b', 'exit code 1'],
  prompts: [{ part: 'task', source: 'the board', sha256: 'b'.repeat(64), bytes: 120 }],
  prompt_sha256: 'c'.repeat(64),
  session: 's1',
  exit_code: 1,
};
const at = (event: JournalEvent['event']): JournalEvent => ({ seq: 1, at: 0, event });
const about = { task: 't', fence: 5, agent: 'w1' };
const events = [
  at({ type: 'run_used', ...about, usage: { output_tokens: 1 } }),
  at({ type: 'run_recorded', ...about, run: 'g-5', usage: { output_tokens: 2 }, note }),
];

it('a note is read from the events, with the newest word on what was used', () => {
  expect(notedOf({}, events)).toEqual({ note, usage: { output_tokens: 2 } });
  expect(notedOf({}, events.slice(0, 1))).toEqual({ usage: { output_tokens: 1 } });
  expect(notedOf({ usage: { output_tokens: 3 } }, events).usage).toEqual({ output_tokens: 3 });
  expect(notedOf({}, [])).toEqual({});
});

it('it is shown as fields, those without a value left to the caller', () => {
  const fields = Object.fromEntries(notedFields(run, notedOf({}, events)));
  expect(fields).toEqual({
    profile: 'big of pool main',
    harness: 'claude',
    model: 'opus',
    mode: 'single-task',
    session: 's1',
    usage: '2 out',
    quota: undefined,
    'exit code': '1',
    prompt: 'c'.repeat(12),
  });
  expect(Object.values(Object.fromEntries(notedFields({ ...run, profile: 'x', pool: 'p' }, {})))).toContain(
    'x of pool p',
  );
});

it('evidence stands whole, and each part of the prompt with its source', () => {
  const [evidence, prompts] = notedParts(run, { note });
  expect(evidence).toBe('evidence\n  result: usage limit\n  exit code 1');
  expect(prompts).toBe(
    `PROMPT PART  SOURCE     BYTES  SHA256\ntask         the board    120  ${'b'.repeat(12)}`,
  );
  expect(notedParts({ ...run, because: 'exit code 3' }, {})).toEqual(['evidence\n  exit code 3']);
  expect(notedParts(run, {})).toEqual([]);
});
