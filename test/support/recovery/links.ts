/**
 * The way between one service and the bus goes bad, while all processes live: connections are cut, or stand and carry nothing.
 */
import { systemClock } from '../../../shared/clock.ts';
import { ServiceProxies } from '../../chaos/service-proxies.ts';
import type { ProcessSwarm } from '../process-swarm.ts';
import {
  atWork,
  caughtInTheMiddle,
  firstGrant,
  LEASE_MS,
  type Measured,
  type Recovery,
  refuseTakeovers,
  stillFor,
  TASKS,
  verify,
  verifyResumed,
  withSwarm,
} from './swarm.ts';

async function withProxies(
  workers: number,
  use: (swarm: ProcessSwarm, proxies: ServiceProxies) => Promise<Measured>,
): Promise<Measured> {
  const proxies = new ServiceProxies();
  try {
    const placesOf = (folder: string, names: readonly string[]) => proxies.open(folder, names);
    return await withSwarm({ workers, placesOf }, (swarm) => use(swarm, proxies));
  } finally {
    await proxies.close();
  }
}

/** A worker's bytes vanish for three leases, both ways and in new connections too, while every socket stays open. */
export const linkHalfOpen: Recovery = {
  name: 'link-half-open',
  bounds: { 'granted again': LEASE_MS + 1_000 },
  run: () =>
    withProxies(2, async (swarm, proxies) => {
      const { agent } = await caughtInTheMiddle(swarm);
      const at = systemClock.now();
      const clear = proxies.of(agent).become({ kind: 'half-open', lost: 'both', reach: 'all' });
      await stillFor(LEASE_MS * 3).finally(clear);
      return { 'granted again': firstGrant(await verifyResumed(swarm), at, 'victim') };
    }),
};

/** All connections of all services are cut at one moment, and may be made anew at once. */
export const linksCut: Recovery = {
  name: 'links-cut',
  bounds: { 'next grant': 3_000 },
  run: () =>
    withProxies(3, async (swarm, proxies) => {
      await atWork(swarm);
      const at = systemClock.now();
      for (const proxy of proxies.all.values()) proxy.cut();
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstGrant(told, at) };
    }),
};
