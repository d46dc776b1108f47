import { expect, test } from 'vitest';
import { Pause } from '../../../../shared/agent/pause.ts';
import { passingTime } from '../../../support/quiet-board.ts';

const never = new AbortController().signal;

test('begins at once, ends by another word, and can begin again', async () => {
  const pause = new Pause(passingTime());
  expect([pause.isOn, pause.begins.aborted, pause.resume()]).toEqual([false, false, false]);
  const { begins } = pause;
  pause.start();
  expect([pause.isOn, begins.aborted]).toEqual([true, true]);
  const over = pause.over(never);
  expect(pause.resume()).toBe(true);
  await over;
  expect([pause.isOn, pause.begins.aborted]).toEqual([false, false]);
  pause.start();
  expect(pause.begins.aborted).toBe(true);
});

test('ends by itself after its time', async () => {
  const clock = passingTime();
  const pause = new Pause(clock);
  pause.start(5_000);
  await clock.pass(4_999);
  expect(pause.isOn).toBe(true);
  await clock.pass(1);
  await pause.over(never);
  expect(pause.isOn).toBe(false);
});

test('takes the length that was said last', async () => {
  const clock = passingTime();
  const pause = new Pause(clock);
  pause.start(3_600_000);
  pause.start(1_000);
  await clock.pass(1_000);
  await pause.over(never);
  pause.start();
  await clock.pass(3_600_000);
  expect(pause.isOn).toBe(true);
});

test('holds nobody who is to leave', async () => {
  const pause = new Pause(passingTime());
  pause.start();
  const leaving = new AbortController();
  const over = pause.over(leaving.signal);
  leaving.abort();
  await over;
  expect(pause.isOn).toBe(true);
});
