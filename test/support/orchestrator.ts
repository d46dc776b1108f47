/**
 * A real orchestrator in this process, on a private real server: what tests of services and clients stand on.
 */
import type { BoardConfig, Capabilities, Place } from '../../schemas/index.ts';
import { type OrchestratorOptions, runOrchestrator } from '../../services/orchestrator/orchestrator.ts';
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
  /** One more, whether it leads or stands by. The hive stops it in the end. */
  addOrchestrator(more?: MoreOptions): Promise<TestOrchestrator>;
  /** Those that run. */
  orchestrators(): TestOrchestrator[];
  /** A connection of an agent, without rights on `$JS.API`. */
  connect(agent: string): Promise<Bus>;
  client(agent: string): Promise<BoardClient>;
  claimer(agent: string, options?: Partial<ClaimerOptions>): Promise<Claimer>;
  services(account: 'core' | 'swarm'): Promise<Bus>;
  configure(config: Partial<BoardConfig>): Promise<void>;
  stop(): Promise<void>;
}

export type MoreOptions = Partial<OrchestratorOptions>;

export interface TestOrchestrator {
  readonly identity: string;
  /** The terms it led, in order. */
  readonly terms: readonly number[];
  /** Why it may not lead: the codes and messages, each time it looked. */
  readonly unfit: readonly { readonly code: string; readonly message: string }[];
  /** Ends it as SIGTERM would. */
  stop(): Promise<void>;
  /** Its connections go away without a word, as if its process had been killed. */
  crash(): Promise<void>;
}

export const anyone: Capabilities = { profile: 'default', harness: 'command', os: 'linux' };
export const place: Place = { host: 'here', boot: 'boot', state: 'state' };

export interface HiveOptions {
  readonly server?: TestNatsServer;
  /** Of the orchestrators. Default: silent. */
  readonly log?: Log;
  /** Of the orchestrators. */
  readonly more?: MoreOptions;
  /** Starts none by itself. */
  readonly isEmpty?: boolean;
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

  const added = new Set<TestOrchestrator>();
  const addOrchestrator = async (more: MoreOptions = {}): Promise<TestOrchestrator> => {
    const buses = [
      await connectAs('core', 'orchestrator', server.core),
      await connectAs('swarm', 'orchestrator', server.swarm),
    ] as const;
    const identity = `test-${process.pid}-${randomId(6)}`;
    const terms: number[] = [];
    const unfit: { code: string; message: string }[] = [];
    const end = new AbortController();
    const { onLeading, onUnfit, ...rest } = { ...options.more, ...more };
    const done = runOrchestrator(
      {
        core: buses[0],
        swarm: buses[1],
        project,
        identity,
        clock: systemClock,
        randomId,
        log: options.log ?? silentLog,
        ...rest,
        onLeading(term) {
          terms.push(term);
          onLeading?.(term);
        },
        onUnfit(why) {
          unfit.push({ code: why.code, message: why.message });
          onUnfit?.(why);
        },
      },
      end.signal,
    );
    const close = async () => {
      added.delete(one);
      for (const bus of buses) open.delete(bus);
      await Promise.all(buses.map((bus) => bus.close(0)));
    };
    const one: TestOrchestrator = {
      identity,
      terms,
      unfit,
      async stop() {
        end.abort();
        await done.finally(close);
      },
      async crash() {
        await close();
        end.abort();
        await done.catch(() => undefined);
      },
    };
    // What went wrong is told by `stop`.
    done.catch(() => undefined);
    added.add(one);
    return one;
  };

  let running: TestOrchestrator | undefined;
  const startOrchestrator = async () => {
    await new Promise<void>((resolve, reject) => {
      addOrchestrator({ onLeading: () => resolve(), onUnfit: reject }).then((one) => {
        running = one;
      }, reject);
    });
  };
  const stopOrchestrator = async () => {
    const one = running;
    running = undefined;
    await one?.stop();
  };

  if (options.isEmpty !== true) await startOrchestrator();
  const connect = (agent: string) => connectAs('swarm', agent, server.workerSwarm);
  const client = async (agent: string) =>
    createBoardClient({ swarm: await connect(agent), project, agent, clock: systemClock, timeoutMs: 30_000 });
  const operator = await client('operator');
  return {
    server,
    startOrchestrator,
    stopOrchestrator,
    addOrchestrator,
    orchestrators: () => [...added],
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
      await Promise.all([...added].map((one) => one.stop()));
      await Promise.all([...open].map((bus) => bus.close()));
      await server.stop();
    },
  };
}
