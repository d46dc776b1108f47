/**
 * The contract over the simulated bus, its virtual time keeping pace with the real one: the suite waits in real time.
 * What `nats.test.ts` checks besides is about real servers and the client: addresses, credentials, what an old version
 * gets wrong, and what somebody else does to a consumer or to files under a server.
 */
import { connectSimulated } from '../../../shared/bus/simulated/connect.ts';
import { steadyHost } from '../../../shared/bus/simulated/host.ts';
import { SeededRandom } from '../../../shared/bus/simulated/seeded-random.ts';
import { SimulatedServer } from '../../../shared/bus/simulated/server.ts';
import { Timeline } from '../../../shared/bus/simulated/timeline.ts';
import { systemClock } from '../../../shared/clock.ts';
import { keepPace } from '../../support/real-time.ts';
import { busContract } from './cases.ts';
import type { BusLab } from './lab.ts';

async function simulatedLab(): Promise<BusLab> {
  const random = new SeededRandom('contract');
  const timeline = new Timeline(random);
  const server = new SimulatedServer({ timeline, random, epochMs: systemClock.now() });
  const stop = keepPace(timeline);
  return {
    async connect({ asAgent = false, ...more } = {}) {
      const options = { account: 'swarm', host: steadyHost('client'), reconnectWaitMs: 20 } as const;
      return connectSimulated({ server, ...options, mayManage: !asAgent, ...more }).bus;
    },
    async kill() {
      server.kill();
      // A process that dies takes a moment, too: by then its clients know.
      await new Promise<void>((resolve) => timeline.plan(3, 'died', resolve));
    },
    restart: async () => server.restart(),
    stop,
  };
}

busContract('virtual time', simulatedLab);
