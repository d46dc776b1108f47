/**
 * A real orchestrator in this process, on a private real server: what tests of services and clients stand on.
 */
import type { BoardConfig, Capabilities, Place } from '../../schemas/index.ts';
import { runOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import { type Claimer, type ClaimerOptions, createClaimer } from '../../shared/bus/claimer.ts';
import { connectBus } from '../../shared/bus/nats/connect.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { startNatsServer, type TestNatsServer } from './nats-server.ts';

export const project = 'test';

export interface TestHive {
  readonly server: TestNatsServer;
  /** Ends the running orchestrator and starts another on the same journal. */
  restartOrchestrator(): Promise<void>;
  stopOrchestrator(): Promise<void>;
  startOrchestrator(): Promise<void>;
  /** A connection of an agent, without rights on `$JS.API`. */
  connect(agent: string): Promise<Bus>;
  client(agent: string): Promise<BoardClient>;
  claimer(agent: string, options?: Partial<ClaimerOptions>): Promise<Claimer>;
  services(account: 'core' | 'swarm'): Promise<Bus>;
  configure(config: Partial<BoardConfig>): Promise<void>;
  stop(): Promise<void>;
}

export const anyone: Capabilities = { profile: 'default', harness: 'command', os: 'linux' };
export const place: Place = { host: 'here', boot: 'boot', state: 'state' };

export interface HiveOptions {
  readonly server?: TestNatsServer;
  /** Of the orchestrators. Default: silent. */
  readonly log?: Log;
}

export async function startHive(options: HiveOptions = {}): Promise<TestHive> {
  const server = options.server ?? (await startNatsServer());
  const open = new Set<Bus>();
  const claimers = new Set<Claimer>();

  const connectAs = async (account: 'core' | 'swarm', name: string, login: TestNatsServer['core']) => {
    const bus = await connectBus({
      account,
      urls: [login.url],
      user: login.user,
      password: login.password,
      name,
      inboxPrefix: subjectsOf(project).inbox(name, randomId(8)),
      log: silentLog,
      clock: systemClock,
    });
    open.add(bus);
    return bus;
  };

  let running: { end: AbortController; done: Promise<void>; buses: Bus[] } | undefined;
  const startOrchestrator = async () => {
    const core = await connectAs('core', 'orchestrator', server.core);
    const swarm = await connectAs('swarm', 'orchestrator', server.swarm);
    const end = new AbortController();
    let fail: (error: unknown) => void = () => {};
    const leading = new Promise<void>((resolve, reject) => {
      fail = reject;
      const done = runOrchestrator(
        {
          core,
          swarm,
          project,
          identity: `test-${process.pid}-${randomId(6)}`,
          clock: systemClock,
          randomId,
          log: options.log ?? silentLog,
          onLeading: () => resolve(),
        },
        end.signal,
      );
      done.catch(fail);
      running = { end, done, buses: [core, swarm] };
    });
    try {
      await leading;
    } catch (error) {
      running = undefined;
      await Promise.all([core.close(), swarm.close()]);
      throw error;
    }
  };
  const stopOrchestrator = async () => {
    running?.end.abort();
    await running?.done;
    for (const bus of running?.buses ?? []) {
      open.delete(bus);
      await bus.close();
    }
    running = undefined;
  };

  await startOrchestrator();
  const connect = (agent: string) => connectAs('swarm', agent, server.workerSwarm);
  const client = async (agent: string) =>
    createBoardClient({ swarm: await connect(agent), project, agent, clock: systemClock });
  const operator = await client('operator');
  return {
    server,
    startOrchestrator,
    stopOrchestrator,
    async restartOrchestrator() {
      await stopOrchestrator();
      await startOrchestrator();
    },
    connect,
    client,
    services: (account) => connectAs(account, 'services', account === 'core' ? server.core : server.swarm),
    async claimer(agent, more = {}) {
      const claimer = createClaimer({
        swarm: more.swarm ?? (await connect(agent)),
        project,
        agent,
        work: 'task',
        incarnation: `1-${agent}`,
        slot: 0,
        place,
        capabilities: anyone,
        clock: systemClock,
        ...more,
      });
      claimers.add(claimer);
      return claimer;
    },
    async configure(config) {
      const answer = await operator.command({
        v: 1,
        kind: 'configure',
        id: randomId(),
        config: { ...emptyConfig, ...config },
      });
      if (answer.status !== 'ok') throw new Error(answer.message);
    },
    async stop() {
      for (const claimer of claimers) claimer.close();
      await stopOrchestrator();
      await Promise.all([...open].map((bus) => bus.close()));
      await server.stop();
    },
  };
}
