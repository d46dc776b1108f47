import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { withFirst } from '../../../shared/first-signal.ts';

test('the work is told of the first signal that aborts, with its reason', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const told = withFirst([one.signal, other.signal], async (signal) => {
    other.abort('enough');
    one.abort('late');
    return signal.reason;
  });
  expect(await told).toBe('enough');
});

test('a signal that is aborted already is told of at once', async () => {
  const signals = [new AbortController().signal, AbortSignal.abort('over')];
  expect(await withFirst(signals, async ({ aborted, reason }) => [aborted, reason])).toEqual([true, 'over']);
});

test('nothing of it is left in the signals, however the work ends', async () => {
  const { signal } = new AbortController();
  await withFirst([signal], async () => 1);
  await withFirst([signal], () => Promise.reject(new Error('no'))).catch(() => undefined);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
