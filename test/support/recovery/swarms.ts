/**
 * Every process of a swarm is killed at one moment, as when its only machine loses power.
 */
import { systemClock } from '../../../shared/clock.ts';
import { killServers } from './buses.ts';
import { atWork, firstGrant, type Recovery, refuseTakeovers, TASKS, verify, withSwarm } from './swarm.ts';

/** The supervisor, which is the test itself, starts all of them again. */
export const everythingKilled: Recovery = {
  name: 'everything-killed',
  bounds: { 'next grant': 15_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const names = Object.keys(swarm.supervisor.states());
      const pids = names.flatMap((name) => swarm.supervisor.pid(name) ?? []);
      const at = systemClock.now();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      await killServers(swarm);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstGrant(told, at) };
    }),
};
