import { expect, test } from 'vitest';
import { forgettableAny } from './forgettable-any.ts';

test('it is aborted as soon as one of the others is, whether or not somebody listens', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const inner = forgettableAny([one.signal]);
  const signal = forgettableAny([other.signal, inner]);
  signal.throwIfAborted();
  const reason = new Error('enough');
  one.abort(reason);
  expect([signal.aborted, signal.reason]).toEqual([true, reason]);
  expect(() => signal.throwIfAborted()).toThrow(reason);
  expect(forgettableAny([inner]).reason).toBe(reason);
});

test('who listens is told once, with the reason', () => {
  const one = new AbortController();
  const signal = forgettableAny([one.signal]);
  const told: unknown[] = [];
  signal.addEventListener('abort', () => told.push(signal.reason));
  one.abort('enough');
  expect(told).toEqual(['enough']);
});
