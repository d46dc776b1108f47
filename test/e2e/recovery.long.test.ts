import { expect, test } from 'vitest';
import { busAsleep, busKilledOften } from '../support/recovery/buses.ts';
import { killerTask, stoppable, stopped } from '../support/recovery/kill-stories.ts';
import { recoveries } from '../support/recovery/recoveries.ts';
import { TASKS } from '../support/recovery/swarm.ts';

test.each(recoveries.map((recovery) => [recovery.name, recovery] as const))(
  '%s: the swarm goes on in time, nothing lost, nothing twice',
  async (_, { run, bounds }) => {
    const measured = await run();
    expect(Object.keys(measured)).toEqual(Object.keys(bounds));
    for (const [what, bound] of Object.entries(bounds)) expect(measured[what], what).toBeLessThan(bound);
  },
  180_000,
);

test('after kill -9 of the nats-server at ten random moments each time the swarm goes on within 5 s', async () => {
  const measured = await busKilledOften();
  expect(measured).toHaveLength(10);
  expect(Math.max(...measured)).toBeLessThan(5_000);
}, 300_000);

test('a nats-server that stands still for a minute loses nothing and has nobody robbed; the swarm goes on within 5 s', async () => {
  expect(await busAsleep(60_000)).toBeLessThan(5_000);
}, 300_000);

test.each(stoppable)(
  'a %s that is stopped for two leases and goes on robs nobody and does nothing twice',
  async (what) => await stopped(what),
  180_000,
);

test('a task that kills its worker every time ends failed after max_losses, and the swarm goes on', async () => {
  const { killer, closed } = await killerTask();
  expect(killer).toMatchObject({ state: 'failed', losses: 3, attempts: 0 });
  expect(closed).toBe(TASKS);
}, 180_000);
