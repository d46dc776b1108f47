import { expect, test } from 'vitest';
import { lastSignText } from '../../../../services/stale-takeover/last-sign.ts';

const sign = {
  at: 1,
  storedAt: Date.UTC(2026, 1, 9, 14, 40, 9, 123),
  phase: 'running',
  outputBytes: 3456,
  outputAgeMs: 12_300,
  host: 'host-a',
  everyMs: 10_000,
};

test('the last sign says when, where, what it was doing and how long nothing was printed', () => {
  expect(lastSignText(sign)).toBe(
    'beat at 2026-02-09T14:40:09Z from host-a: running, 3456 bytes of output, the last 12 s before',
  );
  expect(lastSignText({ ...sign, outputBytes: 0, outputAgeMs: undefined })).toBe(
    'beat at 2026-02-09T14:40:09Z from host-a: running, no output',
  );
});

test('nothing that an agent wrote into its beat breaks the line or makes it too long', () => {
  const text = lastSignText({ ...sign, phase: `a\u001b[31m\nb${'x'.repeat(1_000)}`, host: 'h'.repeat(900) });
  expect(text).not.toMatch(/[\u0000-\u001f]/);
  expect(text.length).toBe(1_000);
});

test('a grant that no beat ever listed says so', () => {
  expect(lastSignText(undefined)).toBe('no beat listed it');
});
