import { expect, test } from 'vitest';
import { mailRoute, senderOf, subjectsOf } from '../../../../shared/bus/subjects.ts';

const subjects = subjectsOf('hive');

test('a project that is no name makes no subjects', () => {
  for (const project of ['', 'Hive', 'a.b', '*', '>', 'a b', `${'x'.repeat(64)}`]) {
    expect(() => subjectsOf(project)).toThrow(/project must match/);
  }
});

test('the sender is the fourth token, when it is a name', () => {
  expect(senderOf(subjects.beat('w1'))).toBe('w1');
  expect(senderOf(subjects.request('claim', 'w1'))).toBe('w1');
  expect(senderOf(subjects.output('w1', 'run'))).toBe('w1');
  for (const bad of ['wg.hive.beat', 'wg.hive.beat.W1', 'wg.hive.beat.*', 'wg.hive.beat.']) {
    expect(senderOf(bad)).toBeUndefined();
  }
});

test('sender and target of a mail are read from its subject, stored or live', () => {
  const stored = subjects.mail('ada', { kind: 'topic', name: 'task' });
  const route = { from: 'ada', to: { kind: 'topic', name: 'task' } };
  expect(mailRoute(stored)).toEqual(route);
  expect(mailRoute(subjects.live(stored))).toEqual(route);
  for (const bad of [
    'wg.hive.mail.ada.topic',
    'wg.hive.mail.ada.topic.task.more',
    'wg.hive.mail.Ada.topic.task',
    'wg.hive.mail.ada.group.task',
    'wg.hive.beat.ada',
  ]) {
    expect(mailRoute(bad)).toBeUndefined();
  }
});

test('what asks for mail of all is no wider than what is stored', () => {
  // nats-server 2.9 refuses a filter that could match more than the stream's own subjects.
  expect(subjects.mailTo()).toBe('wg.hive.mail.*.*.*');
  expect(subjects.mailTo(undefined, 'ada')).toBe('wg.hive.mail.ada.*.*');
  expect(subjects.mailTo({ kind: 'agent', name: 'bob' })).toBe('wg.hive.mail.*.agent.bob');
});
