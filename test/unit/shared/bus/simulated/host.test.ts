import { expect, test } from 'vitest';
import { SimulatedProcess, steadyHost } from '../../../../../shared/bus/simulated/host.ts';
import { HostClock } from '../../../../../shared/bus/simulated/host-clock.ts';
import { SeededRandom } from '../../../../../shared/bus/simulated/seeded-random.ts';
import { Timeline } from '../../../../../shared/bus/simulated/timeline.ts';

const newTimeline = () => new Timeline(new SeededRandom('host'));

test('a stopped process runs when it is continued, in order; a killed one never', async () => {
  const timeline = newTimeline();
  const process = new SimulatedProcess('one');
  const clock = new HostClock(timeline, process);
  const heard: string[] = [];
  for (const ms of [10, 20, 30]) void clock.sleep(ms).then(() => heard.push(`${ms}`));
  process.stop();
  await timeline.runUntil(25);
  expect(heard).toEqual([]);
  process.resume();
  await timeline.runUntil(26);
  expect(heard).toEqual(['10', '20']);
  process.kill();
  await timeline.runUntil(100);
  expect(heard).toEqual(['10', '20']);
});

test('a clock has a pace of its own, can be set, and stands still while its machine sleeps', async () => {
  const timeline = newTimeline();
  const clock = new HostClock(timeline, steadyHost('one'), { epochMs: 1_000_000, rate: 1.01 });
  await timeline.runUntil(1_000);
  expect([clock.now(), clock.monotonic()]).toEqual([1_001_010, 1_010]);
  clock.jump(-500);
  expect([clock.now(), clock.monotonic()]).toEqual([1_000_510, 1_010]);
  clock.slept(100);
  expect([clock.now(), Math.round(clock.monotonic())]).toEqual([1_000_510, 909]);
});

test('a sleep rejects as a timer of Node does when its signal aborts', async () => {
  const clock = new HostClock(newTimeline(), steadyHost('one'));
  const stop = new AbortController();
  const sleeping = clock.sleep(10, stop.signal);
  stop.abort('enough');
  await expect(sleeping).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
  await expect(clock.sleep(10, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
});
