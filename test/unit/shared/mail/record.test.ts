import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredMail } from '../../../../schemas/index.ts';
import { bodyValue, isPlain, recordOf, sequenceOf } from '../../../../shared/mail/record.ts';

const stored = (mail: Partial<StoredMail['mail']> = {}): StoredMail => ({
  seq: 1,
  from: 'alice',
  to: { kind: 'topic', name: 'tasks' },
  mail: { v: 1, id: 'm', kind: 'message', at: Date.UTC(2026, 1, 9, 11), body: 'hello', ...mail },
});

describe('a record', () => {
  it('has the keys that agents know, in their order, and nothing that is empty', () => {
    expect(JSON.stringify(recordOf(stored({ tags: [] }), 'hello'))).toBe(
      '{"id":"20260209-110000-0001","from":"alice","to":"tasks","time":"2026-02-09T11:00:00Z","body":"hello"}',
    );
    const full = stored({
      at: 1,
      reply_to: 'x',
      priority: 'high',
      host: 'h',
      tags: ['a'],
      ack_within_ms: 5,
      kind: 'notice',
    });
    expect(recordOf({ ...full, seq: 70_000, to: { kind: 'agent', name: 'bob' } }, 'hello')).toEqual({
      id: '19700101-000000-70000',
      from: 'alice',
      to: '@bob',
      time: '1970-01-01T00:00:00.001Z',
      body: 'hello',
      reply_to: 'x',
      priority: 'high',
      host: 'h',
      tags: ['a'],
      kind: 'notice',
      ack_within_ms: 5,
    });
  });

  it('of a report has the report as its body, and is not plain', () => {
    const report = { v: 1, kind: 'progress', id: 'r', task: 'a-1', fence: 7, run: 'x', note: 'n' } as const;
    const record = recordOf(stored({ kind: 'report', report }), '');
    expect(record).toMatchObject({ body: report, kind: 'report' });
    expect(isPlain(record)).toBe(false);
    expect(isPlain(recordOf(stored(), 'x'))).toBe(true);
  });

  it('knows its sequence', () => {
    expect(sequenceOf(recordOf({ ...stored(), seq: 123_456 }, 'x'))).toBe(123_456);
  });

  it('can be made and printed of any body and any time', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.uint16Array().map((units) => String.fromCharCode(...units)),
        ),
        fc.maxSafeNat(),
        (body, at) => {
          expect(() => JSON.stringify(recordOf(stored({ at }), body))).not.toThrow();
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a body', () => {
  it.each([
    ['123', 123],
    [' 123 ', 123],
    ['-1.5', -1.5],
    ['true', true],
    ['null', null],
    ['"x"', 'x'],
    ['{"a":[1]}', { a: [1] }],
  ])('that is JSON stands there as such: %s', (text, value) => {
    expect(bodyValue(text)).toEqual(value);
  });

  it.each([
    '12 apples',
    '',
    '{',
    // Each would come back as something else.
    '123e456',
    '1e3',
    '-0',
    '9007199254740993',
    '{"id":9007199254740993}',
    '[1e999]',
  ])('stays text otherwise: %s', (text) => {
    expect(bodyValue(text)).toBe(text);
  });

  it('that nests too deeply to be printed stays text', () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(bodyValue(deep(100_000))).toBe(deep(100_000));
    expect(bodyValue(deep(50))).toBeInstanceOf(Array);
  });
});
