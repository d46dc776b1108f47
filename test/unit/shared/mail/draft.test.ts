import { describe, expect, it } from 'vitest';
import type { MailRecord } from '../../../../schemas/index.ts';
import { draftOf } from '../../../../shared/mail/draft.ts';

const draft = (more: Partial<Parameters<typeof draftOf>[0]> = {}) =>
  draftOf({ to: 'tasks', body: 'hello', ...more }, 'id-1');
const refusal = (message: string) => expect.objectContaining({ code: 'mail-invalid', exitCode: 1, message });

describe('a draft', () => {
  it('has what was given, in the forms of the wire, and nothing that is empty', () => {
    expect(draft({ replyTo: '', priority: ' ', tags: [], host: '' })).toEqual({
      id: 'id-1',
      to: { kind: 'topic', name: 'tasks' },
      body: 'hello',
    });
    expect(
      draft({
        to: '@Bob',
        replyTo: ' 20260209-110000-0001 ',
        priority: 'HIGH',
        tags: ['A', 'a', 'b'],
        ackWithinMs: 600_000,
        host: ' box\u0007\n',
      }),
    ).toEqual({
      id: 'id-1',
      to: { kind: 'agent', name: 'bob' },
      body: 'hello',
      replyTo: '20260209-110000-0001',
      priority: 'high',
      tags: ['a', 'b'],
      ackWithinMs: 600_000,
      host: 'box',
    });
  });

  it.each(['', ' \n\t', undefined, null])('needs a body: not %j', (body) => {
    expect(() => draft({ body })).toThrow(
      expect.objectContaining({ code: 'usage', exitCode: 2, message: 'message body is required' }),
    );
  });

  it('keeps a body that is no text as its JSON', () => {
    expect([draft({ body: { a: [1] } }).body, draft({ body: 7 }).body, draft({ body: false }).body]).toEqual([
      '{"a":[1]}',
      '7',
      'false',
    ]);
  });

  it('keeps text as it was typed, control characters and all of Unicode too', () => {
    const body = ' \u0000\u001b[31m\r\n🐝\u202e\ud800 ';
    expect(draft({ body }).body).toBe(body);
  });

  it('is refused with a bad target, priority, tag, time to acknowledge or reply id', () => {
    expect(() => draft({ to: 'a_b' })).toThrow(expect.objectContaining({ code: 'mail-invalid' }));
    expect(() => draft({ priority: 'urgent' })).toThrow(
      refusal('invalid priority: urgent; expected low, normal or high'),
    );
    expect(() => draft({ tags: ['a b'] })).toThrow(expect.objectContaining({ code: 'mail-invalid' }));
    for (const ackWithinMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => draft({ ackWithinMs })).toThrow(expect.objectContaining({ code: 'mail-invalid' }));
    }
    expect(() => draft({ replyTo: 'msg-001' })).toThrow(
      refusal('invalid reply-to "msg-001": expected the id of a message, such as 20260209-120000-0003'),
    );
    expect(draft({ replyTo: '3' }).replyTo).toBe('3');
  });
});

describe('a mail of 1 MiB', () => {
  const limit = 1024 * 1024;
  const printed = (body: unknown): number => {
    const record: MailRecord = {
      id: '20260209-120000-0003',
      from: 'alice',
      to: 'tasks',
      time: '2026-02-09T12:00:00Z',
      body,
    };
    return Buffer.byteLength(JSON.stringify(record, null, 2));
  };
  const from = 'alice';

  it.each([
    ['letters', 'x'],
    ['what JSON escapes', '\u0000'],
    ['characters of several bytes', '🐝'],
  ])('pretty-printed is the most there is, also of %s', (_, unit) => {
    const unitBytes = printed(unit) - printed('');
    const room = limit - printed('');
    const fill = 'x'.repeat(room % unitBytes);
    const body = unit.repeat(Math.floor(room / unitBytes)) + fill;
    expect(printed(body)).toBe(limit);
    expect(draft({ body, from }).body).toBe(body);
    expect(() => draft({ body: `${body}x`, from })).toThrow(refusal('message exceeds 1MB limit'));
  });

  it('is measured with its JSON body printed', () => {
    const body = `[${Array(250_000).fill(1).join()}]`;
    expect(body.length).toBeLessThan(limit);
    expect(() => draft({ body })).toThrow(refusal('message exceeds 1MB limit'));
  });
});
