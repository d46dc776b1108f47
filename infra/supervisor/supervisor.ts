/**
 * Keeps the services of `waggle up` running, each as a process of its own, and drains them in order.
 *
 * 1. Nothing runs before `start`, and nothing after `stop`.
 * 2. `stop` goes group by group: workers and committers can hand their work over only while the orchestrator
 *    and the bus still answer.
 * 3. When this process dies, its services see their standard input close (service.ts, 4) and leave by themselves.
 *
 * Knows nothing of what the services do.
 */
import { mkdir } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import {
  type SupervisorEvent as Event,
  type ServiceState,
  type ServiceSpec as Spec,
  SupervisedService,
} from './service.ts';
import { boundLog } from './service-log.ts';

/** What to supervise, and what is told of it: a caller needs no other file. */
export type ServiceSpec = Spec;
export type SupervisorEvent = Event;

export interface SupervisorOptions {
  readonly services: readonly ServiceSpec[];
  /** Gets `<name>.log` of each service; made when missing. */
  readonly logDir: string;
  /** Names, group by group: a group is stopped when the one before has ended. Unnamed services go first. */
  readonly stopOrder?: readonly (readonly string[])[];
  /** Must not throw. */
  readonly onEvent?: (event: SupervisorEvent) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Supervisor {
  /** Starts a service unless it runs; resolves when its first process was started, or could not be. */
  start(name: string): Promise<void>;
  /** Drains and ends one service; `start` brings it back. */
  stopService(name: string, hurry?: AbortSignal): Promise<void>;
  /** Kills one service's process where it stands, and doesn't start it again. False when none runs. */
  abandon(name: string): boolean;
  /** Of the process that runs now; undefined while none does. */
  pid(name: string): number | undefined;
  states(): Readonly<Record<string, ServiceState>>;
  logFile(name: string): string;
  /** Drains and ends everything, in order; when the signal aborts, without waiting for the drains. */
  stop(hurry?: AbortSignal): Promise<void>;
}

const BOUND_LOGS_MS = 10_000;

/** Takes charge of `services`, none of which runs yet. Throws on two of one name. */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { logDir, clock, log, stopOrder = [], onEvent = () => undefined } = options;
  await mkdir(logDir, { recursive: true, mode: 0o700 });
  const services = new Map<string, SupervisedService>();
  for (const spec of options.services) {
    if (services.has(spec.name)) throw new Error(`two services are called ${spec.name}`);
    services.set(spec.name, new SupervisedService(spec, { logDir, clock, log, onEvent }));
  }
  const serviceOf = (name: string): SupervisedService => {
    const service = services.get(name);
    if (service === undefined) throw new Error(`no service is called ${name}`);
    return service;
  };
  const groups = groupsOf([...services.keys()], stopOrder);
  const over = new AbortController();
  const bounding = boundLogs(services, clock, log, over.signal);

  return {
    start: async (name) => await serviceOf(name).start(),
    stopService: async (name, hurry) => await serviceOf(name).stop(hurry),
    abandon: (name) => serviceOf(name).abandon(),
    pid: (name) => serviceOf(name).pid,
    states: () => Object.fromEntries([...services].map(([name, { state }]) => [name, state])),
    logFile: (name) => serviceOf(name).logFile,
    async stop(hurry) {
      for (const group of groups) await Promise.all(group.map((name) => serviceOf(name).stop(hurry)));
      over.abort();
      await bounding;
    },
  };
}

function groupsOf(names: readonly string[], order: readonly (readonly string[])[]): readonly string[][] {
  const known = new Set(names);
  const named = new Set(order.flat());
  return [
    names.filter((name) => !named.has(name)),
    ...order.map((group) => group.filter((name) => known.has(name))),
  ];
}

/** Services write their logs themselves and for as long as they live: their files are cut from here. */
async function boundLogs(
  services: ReadonlyMap<string, SupervisedService>,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(BOUND_LOGS_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    for (const { logFile } of services.values()) {
      await boundLog(logFile).catch((err: unknown) => log.warn({ err, logFile }, 'a log could not be cut'));
    }
  }
}
