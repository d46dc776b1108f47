/**
 * A simulated server and connections to it, moved on by hand: for tests of what a network does to a bus.
 */
import { connectSimulated, type SimulatedConnection } from '../../shared/bus/simulated/connect.ts';
import { type Faults, noFaults } from '../../shared/bus/simulated/faults.ts';
import { type Host, steadyHost } from '../../shared/bus/simulated/host.ts';
import { SeededRandom } from '../../shared/bus/simulated/seeded-random.ts';
import { SimulatedServer } from '../../shared/bus/simulated/server.ts';
import { Timeline } from '../../shared/bus/simulated/timeline.ts';

export interface SimulatedBench {
  readonly timeline: Timeline;
  readonly server: SimulatedServer;
  connect(host?: Host): SimulatedConnection;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
}

export function simulatedBench(faults: Partial<Faults> = {}): SimulatedBench {
  const random = new SeededRandom('bench');
  const timeline = new Timeline(random);
  const server = new SimulatedServer({ timeline, random, faults: { ...noFaults, ...faults } });
  return {
    timeline,
    server,
    connect: (host = steadyHost('client')) =>
      connectSimulated({ server, account: 'swarm', host, silentMs: 5_000 }),
    pass: (ms) => timeline.runUntil(timeline.now + ms),
  };
}
