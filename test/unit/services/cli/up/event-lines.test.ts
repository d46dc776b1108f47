import { expect, test } from 'vitest';
import { eventLine } from '../../../../../services/cli/up/event-lines.ts';
import { createPatience } from '../../../../../services/cli/up/patience.ts';

const ended = (name: string, code: number) =>
  ({ kind: 'exited', name, pid: 7, exit: { code }, expected: false, lastLine: 'disk full' }) as const;

test('each event is a line, but a first start and a short wait', () => {
  expect(eventLine({ kind: 'started', name: 'w1', pid: 7, restarts: 0 })).toBeUndefined();
  expect(eventLine({ kind: 'started', name: 'w1', pid: 7, restarts: 2 })).toBe('w1 runs again (process 7)');
  expect(eventLine({ kind: 'restarting', name: 'w1', waitMs: 250 })).toBeUndefined();
  expect(eventLine({ kind: 'restarting', name: 'w1', waitMs: 4_000 })).toBe('w1 starts again in 4s');
  expect(eventLine(ended('w1', 1))).toBe('w1 ended (exit code 1): disk full');
  expect(eventLine({ ...ended('w1', 0), expected: true })).toBe('w1 left');
  expect(eventLine({ kind: 'gave-up', name: 'w1', exit: { code: 2 } })).toBe(
    'w1 is not started again (exit code 2)',
  );
});

test('a start fails when a service is given up, with its last line', () => {
  const reason = createPatience();
  expect(reason({ kind: 'gave-up', name: 'w1', exit: { code: 2 }, lastLine: 'no profile' })).toMatchObject({
    code: 'not-ready',
    message: 'w1 did not get ready: no profile',
  });
});

test('a start fails when one service ended by itself four times, not when several did once', () => {
  const reason = createPatience();
  for (const name of ['w1', 'w2', 'w3', 'w4', 'w1', 'w1']) expect(reason(ended(name, 1))).toBeUndefined();
  expect(reason({ ...ended('w1', 0), expected: true })).toBeUndefined();
  expect(reason(ended('w1', 1))?.message).toBe('w1 did not get ready: disk full');
});
