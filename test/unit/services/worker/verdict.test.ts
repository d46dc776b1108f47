import { describe, expect, test } from 'vitest';
import type { Outcome, TaskGrant } from '../../../../schemas/index.ts';
import {
  doneReport,
  judge,
  type Left,
  type RunClass,
  submittedReport,
  type Told,
} from '../../../../services/worker/verdict.ts';

const end = (outcome: Outcome, more: Partial<RunClass> = {}): RunClass => ({
  outcome,
  reason: `it ${outcome}`,
  ...more,
});
const told: Told = { usage: { input_tokens: 3, duration_ms: 12 }, run_note: { outcome: 'completed' } };
const none: Left = { kind: 'none' };
const change = {
  kind: 'change',
  base: 'a'.repeat(40),
  head: 'b'.repeat(40),
  files: 2,
  message: 'words',
} as const satisfies Left;
const lane = { name: 'main', home: '/h', base: 'HEAD', branch: 'waggle/main' };
const grant = (expects: TaskGrant['expects'], withLane = true) => ({
  expects,
  gates: [],
  ...(withLane ? { lane } : {}),
});

describe('what is reported of a run', () => {
  test('nothing but its tree, once the right to report is gone, whatever the tree holds', () => {
    expect(judge(grant('change'), end('fenced'), '', change)).toEqual({ next: 'rescue' });
  });

  test.each(['completed', 'crashed', 'timed_out', 'killed'] as const)(
    'that it is blocked, where its harness said so and then %s',
    (outcome) => {
      const word = { kind: 'blocked', reason: 'need a key' } as const;
      const verdict = judge(grant('change'), end(outcome), '', none, word);
      expect(verdict).toEqual({ next: 'block', outcome: 'blocked', reason: 'need a key' });
    },
  );

  test('nothing of what a harness said, once the right to report is gone', () => {
    const word = { kind: 'blocked', reason: 'need a key' } as const;
    expect(judge(grant('change'), end('fenced'), '', none, word)).toEqual({ next: 'rescue' });
  });

  test('a crash, even of a harness that had said that it was done', () => {
    const verdict = judge(grant('change'), end('crashed'), '', change, { kind: 'done' });
    expect(verdict).toMatchObject({ next: 'report', report: { kind: 'failed', outcome: 'crashed' } });
  });

  test('a run that was stopped to leave gives the task back', () => {
    expect(judge(grant('change'), end('killed'), '', change)).toEqual({ next: 'release' });
  });

  test.each(['crashed', 'timed_out', 'env_failed', 'rate_limited', 'auth_failed'] as const)(
    '%s is a failure with its reason and tail, whatever the tree holds',
    (outcome) => {
      const verdict = judge(grant('change'), end(outcome), 'last words', change);
      const report = { kind: 'failed', outcome, reason: `it ${outcome}`, tail: 'last words' };
      expect(verdict).toMatchObject({ next: 'report', report });
    },
  );

  test.each([
    ['rate_limited', true],
    ['auth_failed', true],
    ['timed_out', true],
    ['crashed', false],
    ['env_failed', false],
  ] as const)('what %s left is worth going on from: %s', (outcome, keepsTree) => {
    expect(judge(grant('change'), end(outcome), '', change)).toMatchObject({ keepsTree });
  });

  test('a rate limit is told with the time at which it ends', () => {
    const verdict = judge(grant('change'), end('rate_limited', { retryAt: 17.5 }), '', none);
    expect(verdict).toMatchObject({ report: { outcome: 'rate_limited', retry_at: 18 } });
  });

  test('a question to nobody is put to a person', () => {
    const asks = end('needs_input', { reason: 'which one?' });
    expect(judge(grant('change'), asks, '', change)).toEqual({
      next: 'block',
      outcome: 'needs_input',
      reason: 'which one?',
    });
  });

  test('a tree left in the middle of something is a failure', () => {
    const verdict = judge(grant('any'), end('completed'), '', { kind: 'unfinished', reason: 'in a merge' });
    expect(verdict).toMatchObject({ report: { kind: 'failed', outcome: 'crashed', reason: 'in a merge' } });
  });

  test.each([
    ['change', change, true, 'submit'],
    ['any', change, true, 'submit'],
    ['none', change, true, 'gates'],
    ['change', none, true, 'gates'],
    ['any', none, true, 'gates'],
    ['any', change, false, 'gates'],
  ] as const)('expecting %s and finding $kind', (expects, left, withLane, next) => {
    expect(judge(grant(expects, withLane), end('completed'), '', left).next).toBe(next);
  });
});

const head = { v: 1, id: 'r', task: 't', fence: 3, run: 'run' } as const;
const bundle = { owner: 'w', sha256: 'c'.repeat(64), size_bytes: 1, chunks: 1 };

test('a submission names base, head, bundle and the words of the change', () => {
  expect(submittedReport(head, change, bundle, told)).toEqual({
    ...head,
    kind: 'submitted',
    base: change.base,
    head: change.head,
    bundle,
    message: 'words',
    ...told,
  });
});

test('a done report says what was left behind, and that nothing changed only when nothing did', () => {
  expect(doneReport(head, end('completed'), change, [], told)).toMatchObject({
    outcome: 'completed',
    note: 'left 2 changed files behind, none was expected',
  });
  expect(doneReport(head, end('no_change'), none, [], told)).toMatchObject({ outcome: 'no_change' });
  expect(doneReport(head, end('completed'), none, [], told)).not.toHaveProperty('note');
});

test('a done report has the note of the harness, beside what was left behind', () => {
  const word = { kind: 'done', note: 'nothing to do' } as const;
  expect(doneReport(head, end('completed'), none, [], told, word)).toMatchObject({ note: 'nothing to do' });
  expect(doneReport(head, end('completed'), change, [], told, word)).toMatchObject({
    note: 'nothing to do (left 2 changed files behind, none was expected)',
  });
});
