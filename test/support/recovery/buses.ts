/**
 * The nats-server is killed, once or often; its keeper starts it again.
 */
import { systemClock } from '../../../shared/clock.ts';
import { type ProcessSwarm, until } from '../process-swarm.ts';
import {
  atWork,
  closedCount,
  firstGrant,
  quick,
  type Recovery,
  refuseTakeovers,
  stoppedFor,
  TASKS,
  verify,
  withSwarm,
} from './swarm.ts';

export async function killServers(swarm: ProcessSwarm): Promise<void> {
  const pids = await swarm.servers();
  if (pids.length === 0) throw new Error('no nats-server was found');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** Killed once, while tasks are done. */
export const busKilled: Recovery = {
  name: 'bus-killed',
  bounds: { 'next grant': 5_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const at = systemClock.now();
      await killServers(swarm);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstGrant(told, at) };
    }),
};

/** The server stands still for so long (ms), as if its machine slept; from its waking until the next grant. */
export function busAsleep(ms: number): Promise<number> {
  return withSwarm({}, async (swarm) => {
    await atWork(swarm);
    await Promise.all((await swarm.servers()).map((pid) => stoppedFor(pid, ms)));
    const at = systemClock.now();
    const told = await verify(swarm, TASKS);
    refuseTakeovers(told);
    return firstGrant(told, at);
  });
}

/** Longer than a lease, and than a silent connection is believed in. */
const SLEEP_MS = 15_000;

export const busStopped: Recovery = {
  name: 'bus-stopped',
  bounds: { 'next grant': 5_000 },
  run: async () => ({ 'next grant': await busAsleep(SLEEP_MS) }),
};

const BUS_KILLS = 10;
const TASKS_EACH = 12;

/** The nats-server is killed ten times at random moments of one run; there is always work when it is. */
export function busKilledOften(): Promise<readonly number[]> {
  return withSwarm({}, async (swarm) => {
    await swarm.add(quick(TASKS_EACH));
    const kills: number[] = [];
    for (let n = 1; n <= BUS_KILLS; n += 1) {
      const before = await closedCount(swarm);
      await until('tasks to be closed since the last kill', async () => (await closedCount(swarm)) > before);
      // The moment of the kill is drawn by lot.
      await systemClock.sleep(Math.random() * 1_500);
      await swarm.add(quick(TASKS_EACH, n * TASKS_EACH));
      kills.push(systemClock.now());
      await killServers(swarm);
    }
    const told = await verify(swarm, (BUS_KILLS + 1) * TASKS_EACH);
    refuseTakeovers(told);
    return kills.map((at) => firstGrant(told, at));
  });
}
