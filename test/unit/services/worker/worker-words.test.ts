import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperatorWords } from '../../../../services/worker/operator-words.ts';
import { wordOrders } from '../../../../services/worker/worker-words.ts';
import { silentLog } from '../../../../shared/log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

function resolvable() {
  let resolve: (applied: 'now' | 'next_run') => void = () => undefined;
  const promise = new Promise<'now' | 'next_run'>((take) => {
    resolve = take;
  });
  return { promise, resolve };
}

let folder: ReturnType<typeof temporaryFolder>;
let words: OperatorWords;
beforeEach(async () => {
  folder = temporaryFolder();
  words = await OperatorWords.open(folder.path, { now: () => 1_000 }, silentLog);
});
afterEach(() => folder.remove());

test('a second copy of a word that is on its way is answered with what becomes of the first, and told once', async () => {
  const told: string[] = [];
  const reached = resolvable();
  const orders = wordOrders(words, () => ({
    steer(text) {
      told.push(text);
      return reached.promise;
    },
  }));
  const both = [orders.steer('a', 'turn left'), orders.steer('a', 'turn left')];
  reached.resolve('next_run');
  expect(await Promise.all(both)).toEqual(['next_run', 'next_run']);
  expect(await orders.steer('a', 'turn left')).toBe('next_run');
  expect(told).toEqual(['turn left']);
  expect(words.forRun().map(({ text }) => text)).toEqual(['turn left']);
});

test('a word that reached its harness is told to no other run', async () => {
  const orders = wordOrders(words, () => ({ steer: async () => 'now' }));
  expect(await orders.steer('a', 'turn left')).toBe('now');
  expect(await orders.steer('a', 'turn left')).toBe('now');
  expect(words.forRun()).toEqual([]);
});
