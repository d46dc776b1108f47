import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredMail } from '../../../../schemas/index.ts';
import { mailId, mailLine, mailSequence } from '../../../../services/cli/mail-line.ts';

const stored = (to: StoredMail['to'], body: string, seq = 3): StoredMail => ({
  seq,
  from: 'alice',
  to,
  mail: { v: 1, id: 'm1', kind: 'message', at: Date.UTC(2026, 1, 9, 12), body },
});

describe('a mail as a line', () => {
  it('is ID from -> to: body', () => {
    expect(mailLine(stored({ kind: 'topic', name: 'tasks' }, 'first task'))).toBe(
      '20260209-120000-0003 alice -> tasks: first task',
    );
    expect(mailLine(stored({ kind: 'agent', name: 'bob' }, 'hello bob', 123_456))).toBe(
      '20260209-120000-123456 alice -> @bob: hello bob',
    );
  });

  it('keeps the line breaks of its body and drops what would steer a terminal', () => {
    expect(mailLine(stored({ kind: 'topic', name: 't' }, 'a\r\nb\tc\x1b[31m\x07\u202e'))).toBe(
      '20260209-120000-0003 alice -> t: a\nb\tc[31m',
    );
  });

  it('without a body ends after the colon', () => {
    const { body: _, ...mail } = stored({ kind: 'topic', name: 't' }, '').mail;
    expect(mailLine({ ...stored({ kind: 'topic', name: 't' }, ''), mail })).toBe(
      '20260209-120000-0003 alice -> t: ',
    );
  });
});

describe('a mail id', () => {
  it('holds the sequence it was made of, with at least four digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_800_000 }),
        fc.integer({ min: 1, max: 10 ** 12 }),
        (at, seq) => {
          const id = mailId(at, seq);
          expect(id).toMatch(/^\d{8}-\d{6}-\d{4,}$/);
          expect(mailSequence(id)).toBe(seq);
        },
      ),
    );
  });

  it('is not any other text', () => {
    expect(
      ['', '20260209-120000-003', 'msg-001', '20260209-120000-0000', 'x20260209-120000-0003'].map(
        mailSequence,
      ),
    ).toEqual(Array(5).fill(undefined));
  });
});
