/**
 * The leading orchestrator is killed, or stopped, while tasks are done and another stands by.
 */
import { systemClock } from '../../../shared/clock.ts';
import type { Told } from '../process-swarm.ts';
import {
  atWork,
  LEASE_MS,
  pidOf,
  type Recovery,
  refuseTakeovers,
  stoppedFor,
  TASKS,
  verify,
  withSwarm,
} from './swarm.ts';

/** The time from `at` to the first grant of the next leader. */
function firstOfNextLeader(told: readonly Told[], at: number): number {
  const led = told.findIndex((one) => one.at >= at && one.event.type === 'led');
  if (led < 0) throw new Error('the lead did not pass on');
  const next = told.slice(led).find(({ event }) => event.type === 'granted');
  if (next === undefined) throw new Error('the new leader granted nothing');
  return next.at - at;
}

/** Its process is started again beside the standby. */
export const leaderKilled: Recovery = {
  name: 'leader-killed',
  bounds: { 'next grant': 3_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const pid = pidOf(swarm, await swarm.leader());
      const at = systemClock.now();
      process.kill(pid, 'SIGKILL');
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstOfNextLeader(told, at) };
    }),
};

/** It believes that it leads when it goes on. Once the next grant came after 5.1 s: claims that it had taken may wait for it. */
export const leaderStopped: Recovery = {
  name: 'leader-stopped',
  bounds: { 'next grant': 10_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const pid = pidOf(swarm, await swarm.leader());
      const at = systemClock.now();
      await stoppedFor(pid, LEASE_MS * 2);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstOfNextLeader(told, at) };
    }),
};
