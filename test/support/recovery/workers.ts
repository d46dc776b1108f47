/**
 * Workers that are killed for good, killed and started again, or stopped past their lease, in the middle of a task.
 */
import { systemClock } from '../../../shared/clock.ts';
import { processIdentity } from '../../../shared/process/identity.ts';
import { until } from '../process-swarm.ts';
import {
  caughtInTheMiddle,
  firstGrant,
  LEASE_MS,
  pidOf,
  type Recovery,
  stoppedFor,
  verifyResumed,
  withSwarm,
} from './swarm.ts';

/** A zombie that its new parent has not looked at yet is gone. */
const areGone = async (pids: readonly number[]): Promise<boolean> =>
  (await Promise.all(pids.map((pid) => processIdentity(pid)))).every((found) => found === undefined);

/** A worker is killed for good. */
export const workerKilled: Recovery = {
  name: 'worker-killed',
  bounds: { 'granted again': LEASE_MS + 1_000, 'process tree gone': 2_000 },
  run: () =>
    withSwarm({ workers: 2 }, async (swarm) => {
      const { agent, pids } = await caughtInTheMiddle(swarm);
      const at = systemClock.now();
      swarm.supervisor.abandon(agent);
      await until('its processes to be gone', () => areGone(pids));
      const treeGone = systemClock.now() - at;
      const told = await verifyResumed(swarm);
      return { 'granted again': firstGrant(told, at, 'victim'), 'process tree gone': treeGone };
    }),
};

/** A worker is killed, and its keeper starts it again. */
export const workerRestarted: Recovery = {
  name: 'worker-restarted',
  bounds: { 'granted again': LEASE_MS + 3_000 },
  run: () =>
    withSwarm({ workers: 2 }, async (swarm) => {
      const { agent } = await caughtInTheMiddle(swarm);
      const at = systemClock.now();
      process.kill(pidOf(swarm, agent), 'SIGKILL');
      return { 'granted again': firstGrant(await verifyResumed(swarm), at, 'victim') };
    }),
};

/** A worker is stopped for three leases, as on a machine that sleeps, and goes on as if nothing had been. */
export const workerStopped: Recovery = {
  name: 'worker-stopped',
  bounds: { 'granted again': LEASE_MS + 1_000 },
  run: () =>
    withSwarm({ workers: 2 }, async (swarm) => {
      const { agent } = await caughtInTheMiddle(swarm);
      const at = systemClock.now();
      await stoppedFor(pidOf(swarm, agent), LEASE_MS * 3);
      return { 'granted again': firstGrant(await verifyResumed(swarm), at, 'victim') };
    }),
};
