import { expect, test } from 'vitest';
import type { Event, Letter } from '../../../../schemas/index.ts';
import { LetterWatch } from '../../../../services/orchestrator/letter-watch.ts';
import { createLetters, evolveLetters, type LetterEvent } from '../../../../shared/board/letters.ts';

const letter = (seq: number): Letter => ({
  seq,
  at: 1,
  from: 'ann',
  to: { kind: 'agent', name: 'bob' },
  state: 'waiting',
  since: 1,
});

function setUp() {
  const letters = createLetters();
  const watch = new LetterWatch({ letters });
  const happen = (event: LetterEvent) => {
    evolveLetters(letters, event, 1);
    watch.note([event]);
  };
  return {
    letters,
    watch,
    happen,
    post: (seq: number) => happen({ type: 'letter_posted', letter: letter(seq) }),
  };
}

test('nothing is due before MAIL is read; then every letter is, and each comes back when it was told to', () => {
  const { watch, post } = setUp();
  post(1);
  post(2);
  expect([watch.hasDue(9e15), watch.due(9e15, 10), watch.isHeldUp(1)]).toEqual([false, [], true]);
  watch.readUpTo(9e15);
  expect(watch.due(5, 10)).toEqual([1, 2]);
  expect(watch.hasDue(9e15)).toBe(false);
  watch.again(2, 20);
  watch.again(1, 30);
  expect([watch.hasDue(19), watch.hasDue(20)]).toEqual([false, true]);
  expect([watch.due(19, 10), watch.due(30, 1), watch.due(30, 10)]).toEqual([[], [2], [1]]);
});

test('a letter is judged by no later time than MAIL is read up to', () => {
  const { watch, post } = setUp();
  watch.readUpTo(10);
  post(1);
  expect(watch.due(50, 10)).toEqual([1]);
  watch.again(1, 20);
  expect([watch.isHeldUp(19), watch.isHeldUp(20), watch.judgedAt(50)]).toEqual([false, true, 10]);
  expect([watch.hasDue(50), watch.due(50, 10)]).toEqual([false, []]);
  watch.readUpTo(5);
  expect(watch.judgedAt(50)).toBe(10);
  watch.readUpTo(30);
  expect([watch.isHeldUp(50), watch.judgedAt(50), watch.judgedAt(25)]).toEqual([false, 30, 25]);
  expect(watch.due(50, 10)).toEqual([1]);
});

test('a letter that is no longer watched is never due, and one that is watched anew is looked at at once', () => {
  const { watch, post, happen } = setUp();
  watch.readUpTo(9e15);
  post(1);
  post(2);
  watch.again(1, 20);
  watch.again(2, 10);
  happen({ type: 'letter_settled', seq: 2, by: 'bob', state: 'read' });
  expect([watch.hasDue(19), watch.hasDue(20)]).toEqual([false, true]);
  happen({ type: 'letter_dead', letter: { ...letter(1), state: 'dead', why: 'unseen' } });
  expect(watch.hasDue(9e15)).toBe(false);
  happen({ type: 'letter_redelivered', seq: 1, by: 'ann', copy: false });
  expect(watch.due(1, 10)).toEqual([1]);
});

test('a changed configuration makes every letter be looked at', () => {
  const { watch, post } = setUp();
  watch.readUpTo(9e15);
  post(1);
  watch.again(1, 1_000);
  watch.note([{ type: 'configured' } as Event]);
  expect(watch.due(1, 10)).toEqual([1]);
});

test('looking again and again keeps no heap of what is stale', () => {
  const { watch, post } = setUp();
  watch.readUpTo(9e15);
  for (let seq = 1; seq <= 10; seq += 1) post(seq);
  for (let at = 1; at <= 10_000; at += 1) watch.again(1 + (at % 10), at);
  expect(watch.due(9_990, 100)).toEqual([]);
  expect(watch.due(10_000, 100)).toHaveLength(10);
});
