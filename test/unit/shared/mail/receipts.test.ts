import { expect, it } from 'vitest';
import type { Mail, StoredMail } from '../../../../schemas/index.ts';
import { isTold } from '../../../../shared/mail/receipts.ts';

const mail = (to: string, more: Partial<Mail> = {}, from = 'ada'): StoredMail => ({
  seq: 1,
  from,
  to: to.startsWith('@') ? { kind: 'agent', name: to.slice(1) } : { kind: 'topic', name: to },
  mail: { v: 1, id: 'm', kind: 'message', at: 1, body: 'x', ...more },
});
const asked = { ack_within_ms: 1 };

it.each([
  ['direct mail, by its recipient', mail('@bob'), 'bob'],
  ['a topic whose sender asked for it', mail('tasks', asked), 'bob'],
  [
    'the orchestrator’s inbox, by whoever reads it, when its sender asked',
    mail('@orchestrator', asked),
    'bob',
  ],
])('is told: %s', (_, stored, reader) => {
  for (const state of ['delivered', 'read', 'acknowledged'] as const) {
    expect(isTold(stored, state, reader)).toBe(true);
  }
});

it.each([
  ['direct mail, by anybody else', mail('@bob'), 'eve'],
  ['also when it is to be acknowledged', mail('@bob', asked), 'eve'],
  ['a topic of which nobody asked', mail('tasks'), 'bob'],
  ['own mail', mail('@ada', asked), 'ada'],
  ['own mail to a topic', mail('tasks', asked), 'ada'],
  ['a report', mail('@orchestrator', { ...asked, kind: 'report' }), 'bob'],
  ['a receipt', mail('@bob', { kind: 'receipt' }), 'bob'],
])('is not told: %s', (_, stored, reader) => {
  for (const state of ['delivered', 'read', 'acknowledged'] as const) {
    expect(isTold(stored, state, reader)).toBe(false);
  }
});

it('a notice is told to be read, by whom it is for, and never to be delivered', () => {
  const notice = mail('@bob', { kind: 'notice' }, 'orchestrator');
  expect([isTold(notice, 'delivered', 'bob'), isTold(notice, 'read', 'bob')]).toEqual([false, true]);
  expect(isTold(notice, 'read', 'eve')).toBe(false);
  expect(isTold(mail('tasks', { kind: 'notice', ...asked }, 'orchestrator'), 'read', 'bob')).toBe(false);
});
