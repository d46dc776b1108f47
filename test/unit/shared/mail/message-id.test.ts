import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMailId, mailId, mailSequence, rfc3339, targetText } from '../../../../shared/mail/message-id.ts';

describe('a mail id', () => {
  it('holds the sequence it was made of, with at least four digits', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 10 ** 12 }), (at, seq) => {
        const id = mailId(at, seq);
        expect(id).toMatch(/^\d{8}-\d{6}-\d{4,}$/);
        expect(mailSequence(id)).toBe(seq);
        expect(isMailId(id)).toBe(true);
      }),
    );
  });

  it('is the second in UTC and the sequence', () => {
    expect(mailId(Date.UTC(2026, 1, 9, 12, 0, 0, 999), 3)).toBe('20260209-120000-0003');
    expect(mailId(Date.UTC(2026, 1, 9, 12), 123_456)).toBe('20260209-120000-123456');
  });

  it('may be shortened to its sequence', () => {
    expect(['7', ' 0007 ', '123456'].map(mailSequence)).toEqual([7, 7, 123_456]);
    expect(isMailId('7')).toBe(false);
  });

  it.each([
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    '20260209-120000-003',
    'msg-001',
    '20260209-120000-0000',
    'x20260209-120000-0003',
    '20260209-120000-0003x',
    '9'.repeat(16),
  ])('is not %j', (text) => {
    expect(mailSequence(text)).toBeUndefined();
    expect(isMailId(text)).toBe(false);
  });
});

it('a time is RFC 3339 in UTC, whatever a sender claims', () => {
  expect(rfc3339(Date.UTC(2026, 1, 9, 11))).toBe('2026-02-09T11:00:00Z');
  expect(rfc3339(1)).toBe('1970-01-01T00:00:00.001Z');
  expect(rfc3339(Number.MAX_SAFE_INTEGER)).toBe('9999-12-31T23:59:59.999Z');
});

it('a target is written as it is typed', () => {
  expect(targetText({ kind: 'topic', name: 'tasks' })).toBe('tasks');
  expect(targetText({ kind: 'agent', name: 'bob' })).toBe('@bob');
});
