import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../../shared/bus/simulated/seeded-random.ts';
import { Timeline } from '../../../../../shared/bus/simulated/timeline.ts';

const newTimeline = (seed: string) => new Timeline(new SeededRandom(seed));

test('events happen in the order of their times, and what follows of one happens before the next', async () => {
  const timeline = newTimeline('order');
  const heard: string[] = [];
  timeline.plan(20, 'second', () => heard.push('second'));
  timeline.plan(10, 'first', () => {
    heard.push('first');
    void (async () => {
      for (let n = 0; n < 50; n += 1) await undefined;
      heard.push('of the first');
    })();
  });
  await timeline.runUntil(100);
  expect(heard).toEqual(['first', 'of the first', 'second']);
  expect(timeline.now).toBe(100);
});

test('what is taken back does not happen, nor does what comes after it come early', async () => {
  const timeline = newTimeline('cancel');
  const cancel = timeline.plan(5, 'never', () => {
    throw new Error('it was taken back');
  });
  cancel();
  let isLate = false;
  timeline.plan(50, 'late', () => {
    isLate = true;
  });
  await timeline.runUntil(10);
  expect([timeline.now, timeline.steps, isLate]).toEqual([10, 0, false]);
  await timeline.runUntil(60);
  expect([timeline.now, timeline.steps, isLate]).toEqual([60, 1, true]);
});

test('what an event throws ends the waiting for it', async () => {
  const timeline = newTimeline('throws');
  timeline.plan(5, 'fault', () => {
    throw new Error('a fault of the test');
  });
  await expect(timeline.runUntil(10)).rejects.toThrow('a fault of the test');
});

test('of events at one moment the seed says which goes first, the same in every run', async () => {
  const orderOf = async (seed: string) => {
    const timeline = newTimeline(seed);
    const heard: number[] = [];
    for (let n = 0; n < 8; n += 1) timeline.plan(10, `event ${n}`, () => heard.push(n));
    await timeline.runUntil(20);
    return { heard, digest: timeline.digest };
  };
  const [first, again, other] = [await orderOf('a'), await orderOf('a'), await orderOf('b')];
  expect(again).toEqual(first);
  expect(other.heard).not.toEqual(first.heard);
  expect(other.digest).not.toBe(first.digest);
});
