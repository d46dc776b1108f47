import { describe, expect, test } from 'vitest';
import { letterText } from '../../../../../services/cli/fmail/letter-text.ts';
import { stepsOf, traceText } from '../../../../../services/cli/fmail/trace-steps.ts';
import type { Trace } from '../../../../../shared/mail/desk.ts';

const record = {
  id: '20260209-120000-0003',
  from: 'alice',
  to: '@bob',
  time: '2026-02-09T12:00:00Z',
  body: 'hello',
} as const;
const stored = { state: 'stored', time: record.time, by: 'alice' };
const ackBy = Date.UTC(2026, 1, 9, 12, 10);

describe('what became of a message', () => {
  test.each<[string, Trace, object[]]>([
    ['nothing that is watched', { record, receipts: [] }, [stored]],
    [
      'each step of each reader',
      {
        record,
        receipts: [
          { by: 'bob', state: 'delivered', time: '2026-02-09T12:00:01Z' },
          { by: 'bob', state: 'acknowledged', time: '2026-02-09T12:00:02Z' },
        ],
      },
      [
        stored,
        { state: 'delivered', time: '2026-02-09T12:00:01Z', by: 'bob' },
        { state: 'acknowledged', time: '2026-02-09T12:00:02Z', by: 'bob' },
      ],
    ],
    [
      'not delivered yet',
      { record, receipts: [], letter: { state: 'waiting' } },
      [stored, { state: 'waiting', by: '@bob', note: 'not delivered yet' }],
    ],
    [
      'delivered, not acknowledged yet',
      { record, receipts: [], letter: { state: 'delivered', ack_by: ackBy } },
      [stored, { state: 'waiting', by: '@bob', note: 'to be acknowledged by 2026-02-09T12:10:00Z' }],
    ],
    [
      'overdue',
      { record, receipts: [], letter: { state: 'overdue', ack_by: ackBy } },
      [
        stored,
        { state: 'overdue', by: '@bob', time: '2026-02-09T12:10:00Z', note: 'not acknowledged in time' },
      ],
    ],
    [
      'dead',
      { record, receipts: [], letter: { state: 'dead', why: 'unseen' } },
      [stored, { state: 'dead', by: '@bob', note: expect.stringContaining('`fmail redeliver`') }],
    ],
  ])('is told as steps: %s', (_, trace, steps) => {
    expect(stepsOf(trace)).toEqual(steps);
  });

  test('is a table for people', () => {
    expect(traceText({ record, receipts: [], letter: { state: 'waiting' } })).toBe(
      `20260209-120000-0003 alice -> @bob: hello
STATE    TIME                  BY     NOTE
stored   2026-02-09T12:00:00Z  alice  -
waiting  -                     @bob   not delivered yet
`,
    );
  });
});

describe('a message whole', () => {
  test('has a line for each thing that is said of it, and its body as it was written', () => {
    const all = {
      ...record,
      host: 'h',
      reply_to: 'x',
      tags: ['a', 'b'],
      ack_within_ms: 90_000,
      body: 'one\ntwo',
    };
    expect(letterText(all)).toBe(
      'id:       20260209-120000-0003\nfrom:     alice on h\nto:       @bob\ntime:     2026-02-09T12:00:00Z\nreply to: x\ntags:     a, b\nwants:    an acknowledgement within 1m30s\n\none\ntwo',
    );
  });

  test('cannot steer a terminal, nor pass off a body as a heading', () => {
    const odd = { ...record, host: 'h\nfrom: eve', body: { a: [1] } };
    expect(letterText(odd)).toContain('from:     alice on h from: eve\n');
    expect(letterText(odd)).toMatch(/\n\n\{\n {2}"a": \[\n {4}1\n {2}\]\n\}$/);
    expect(letterText({ ...record, body: 'a\x1b[2Jb' })).toMatch(/\n\na\[2Jb$/);
  });
});
