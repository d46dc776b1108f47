import { describe, expect, it } from 'vitest';
import type { StoredMail } from '../../../../../schemas/index.ts';
import { mailRecord, recordLine } from '../../../../../services/cli/fmail/mail-record.ts';

const stored = (mail: Partial<StoredMail['mail']> = {}): StoredMail => ({
  seq: 1,
  from: 'alice',
  to: { kind: 'topic', name: 'tasks' },
  mail: { v: 1, id: 'm', kind: 'message', at: Date.UTC(2026, 1, 9, 11), body: 'hello', ...mail },
});

describe('a mail as JSON', () => {
  it('has the keys that agents know, in their order, and nothing that is empty', () => {
    expect(JSON.stringify(mailRecord(stored({ tags: [] })))).toBe(
      '{"id":"20260209-110000-0001","from":"alice","to":"tasks","time":"2026-02-09T11:00:00Z","body":"hello"}',
    );
    const full = stored({ at: 1, reply_to: 'x', priority: 'high', host: 'h', tags: ['a'] });
    expect(mailRecord({ ...full, to: { kind: 'agent', name: 'bob' } })).toEqual({
      id: '19700101-000000-0001',
      from: 'alice',
      to: '@bob',
      time: '1970-01-01T00:00:00.001Z',
      body: 'hello',
      reply_to: 'x',
      priority: 'high',
      host: 'h',
      tags: ['a'],
    });
  });

  it.each([
    ['123', 123],
    ['{"a":[1]}', { a: [1] }],
    ['12 apples', '12 apples'],
    ['', ''],
  ])('has a body that is JSON as such: %s', (body, expected) => {
    expect(mailRecord(stored({ body })).body).toEqual(expected);
  });
});

it('a report, which has no body, is a few words on its line', () => {
  const { body: _, ...mail } = stored({ kind: 'report' }).mail;
  const report = { v: 1, kind: 'progress', id: 'r', task: 'a-1', fence: 7, run: 'x', note: 'n' } as const;
  expect(
    recordLine({ ...stored(), to: { kind: 'agent', name: 'orchestrator' }, mail: { ...mail, report } }),
  ).toBe('20260209-110000-0001 alice -> @orchestrator: [report] progress a-1 fence 7');
});
