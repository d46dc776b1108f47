/**
 * The leading orchestrator is killed, or stopped, while tasks are done and another stands by.
 */
import { systemClock } from '../../../shared/clock.ts';
import type { Told } from '../process-swarm.ts';
import {
  atWork,
  LEASE_MS,
  type Measured,
  pidOf,
  type Recovery,
  refuseTakeovers,
  stoppedFor,
  TASKS,
  verify,
  withSwarm,
} from './swarm.ts';

/** The times from `at` to the next term, and to its first grant. */
function ofNextLeader(told: readonly Told[], at: number): Measured {
  const led = told.findIndex((one) => one.at >= at && one.event.type === 'led');
  const next = told.slice(Math.max(led, 0)).find(({ event }) => event.type === 'granted');
  if (led < 0 || next === undefined) throw new Error('the lead did not pass on, or nothing was granted then');
  return { 'next leader': (told[led]?.at ?? Number.NaN) - at, 'next grant': next.at - at };
}

/** Its process is started again beside the standby. */
export const leaderKilled: Recovery = {
  name: 'leader-killed',
  bounds: { 'next leader': 3_000, 'next grant': 3_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const pid = pidOf(swarm, await swarm.leader());
      const at = systemClock.now();
      process.kill(pid, 'SIGKILL');
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return ofNextLeader(told, at);
    }),
};

/** It believes that it leads when it goes on. What was asked of it alone, or is its turn to read, is asked again meanwhile. */
export const leaderStopped: Recovery = {
  name: 'leader-stopped',
  bounds: { 'next leader': 3_000, 'next grant': 5_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await atWork(swarm);
      const pid = pidOf(swarm, await swarm.leader());
      const at = systemClock.now();
      await stoppedFor(pid, LEASE_MS * 2);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return ofNextLeader(told, at);
    }),
};
