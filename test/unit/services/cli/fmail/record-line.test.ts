import { expect, it } from 'vitest';
import type { MailRecord } from '../../../../../schemas/index.ts';
import { recordLine } from '../../../../../services/cli/fmail/record-line.ts';

const record = (more: Partial<MailRecord> = {}): MailRecord => ({
  id: '20260209-120000-0003',
  from: 'alice',
  to: 'tasks',
  time: '2026-02-09T12:00:00Z',
  body: 'first task',
  ...more,
});

it.each([
  [{}, 'alice -> tasks: first task'],
  [{ to: '@bob', body: 'hello bob' }, 'alice -> @bob: hello bob'],
  [{ body: 'two\r\nlines\tand a tab' }, 'alice -> tasks: two\nlines\tand a tab'],
  [{ body: 'a\x1b[31m\x07\u202eb\x9bc' }, 'alice -> tasks: a[31mbc'],
  [{ body: 123 }, 'alice -> tasks: 123'],
  [{ body: { action: 'build', n: [1, null] } }, 'alice -> tasks: {"action":"build","n":[1,null]}'],
  [{ body: { text: '\x9b31m' } }, 'alice -> tasks: {"text":"31m"}'],
  [{ body: null }, 'alice -> tasks: null'],
  [{ body: '' }, 'alice -> tasks: '],
  [
    {
      kind: 'report' as const,
      to: '@orchestrator',
      body: { kind: 'progress', task: 'a-1', fence: 7, note: 'n' },
    },
    'alice -> @orchestrator: [report] progress a-1 fence 7',
  ],
  [
    { kind: 'report' as const, to: '@orchestrator', body: { kind: 'lane', lane: 'main', tip: 'abc' } },
    'alice -> @orchestrator: [report] lane main abc',
  ],
  [{ kind: 'notice' as const, body: 'claim: one by w1' }, 'alice -> tasks: claim: one by w1'],
])('%j is the line … %s', (more, line) => {
  expect(recordLine(record(more))).toBe(`20260209-120000-0003 ${line}`);
});
