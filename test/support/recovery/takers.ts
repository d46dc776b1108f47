/**
 * The stale-takeover service is killed together with a worker whose task it would have taken.
 */
import { systemClock } from '../../../shared/clock.ts';
import {
  caughtInTheMiddle,
  firstGrant,
  LEASE_MS,
  pidOf,
  type Recovery,
  verifyResumed,
  withSwarm,
} from './swarm.ts';

/** The service's keeper starts it again; it judges nobody before it has watched for a lease. */
export const takerKilled: Recovery = {
  name: 'takeover-killed',
  bounds: { 'granted again': LEASE_MS * 2 + 4_000 },
  run: () =>
    withSwarm({ workers: 2 }, async (swarm) => {
      const { agent } = await caughtInTheMiddle(swarm);
      const taker = pidOf(swarm, 'stale-takeover');
      const at = systemClock.now();
      process.kill(taker, 'SIGKILL');
      swarm.supervisor.abandon(agent);
      return { 'granted again': firstGrant(await verifyResumed(swarm), at, 'victim') };
    }),
};
