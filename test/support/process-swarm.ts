/**
 * A swarm of real processes from dist/ on a repository of its own, for tests that kill them: bus, orchestrators,
 * committers, takeover services and workers under the supervisor, and a connection of the operator's to look at it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { serverArguments } from '../../infra/nats/launch.ts';
import {
  type ServiceSpec,
  type Supervisor,
  type SupervisorEvent,
  startSupervisor,
} from '../../infra/supervisor/supervisor.ts';
import type { ConfigFile, Event, TaskSpec } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { systemClock } from '../../shared/clock.ts';
import { findBus } from '../../shared/config/bus-file.ts';
import { silentLog } from '../../shared/log.ts';
import { processTable } from '../../shared/process/process-table.ts';
import { randomId } from '../../shared/random.ts';
import { configOf, connectAs, openContext } from '../../shared/service/context.ts';
import { makeRepository, temporaryFolder } from './repository.ts';

// This file runs from its source and, for the figures, built.
const dist = import.meta.url.endsWith('.js') ? '../..' : '../../dist';
const SCRIPT = fileURLToPath(new URL(`${dist}/services/cli/waggle.js`, import.meta.url));

export interface ProcessSwarmOptions {
  readonly workers: number;
  readonly orchestrators?: number;
  readonly committers?: number;
  readonly takers?: number;
  readonly leaseMs?: number;
  /** Names of lanes, all of the one repository. Default: `main`. */
  readonly lanes?: readonly string[];
  readonly policies?: ConfigFile['policies'];
  /** Text of the `sh` script that is the harness; `$1` is the prompt file. */
  readonly harness: string;
  /** What its temporary folder's name begins with. */
  readonly folderName?: string;
  /** Called before anything runs. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Called when the bus runs: the folder in which each service but the bus starts. Default: the swarm's own. */
  readonly placesOf?: (folder: string, names: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly onEvent?: (event: SupervisorEvent) => void;
  /** For each step of the start. Default: 30 s. */
  readonly patienceMs?: number;
}

/** An event with the wall-clock time of its batch. */
export interface Told {
  readonly at: number;
  readonly event: Event;
}

export interface ProcessSwarm {
  readonly folder: string;
  readonly repository: string;
  /** A folder that the harness finds in `$1`'s script as `@NOTES@`. */
  readonly notes: string;
  readonly client: BoardClient;
  readonly supervisor: Supervisor;
  readonly project: string;
  readonly workers: readonly string[];
  readonly orchestrators: readonly string[];
  readonly committers: readonly string[];
  readonly takers: readonly string[];
  add(tasks: readonly TaskSpec[]): Promise<void>;
  journal(): Promise<Told[]>;
  /** Name of the orchestrator process that leads. */
  leader(): Promise<string>;
  /** Pids of the nats-server. */
  servers(): Promise<number[]>;
  /** A connection of the caller's own, closed by the swarm's end. */
  connect(part: 'core' | 'swarm', name: string): Promise<Bus>;
  /** Its folder is removed unless it is to be kept. */
  stop(keep?: 'keep'): Promise<void>;
}

const named = (name: string, n: number): string[] =>
  Array.from({ length: n }, (_, at) => (at === 0 ? name : `${name}-${at + 1}`));

export async function startProcessSwarm(options: ProcessSwarmOptions): Promise<ProcessSwarm> {
  const { leaseMs = 2_000, lanes: laneNames = ['main'], patienceMs = 30_000 } = options;
  const place = temporaryFolder(options.folderName ?? 'waggle-swarm-');
  const folder = place.path;
  const repository = makeRepository(join(folder, 'repository'));
  const script = join(folder, 'harness.sh');
  writeFileSync(script, options.harness.replaceAll('@NOTES@', folder));
  const orchestrators = named('orchestrator', options.orchestrators ?? 2);
  const committers = named('committer', options.committers ?? 1);
  const takers = named('stale-takeover', options.takers ?? 1);
  const workers = Array.from({ length: options.workers }, (_, n) => `w${n + 1}`);
  const config = {
    project: `kill-${randomId(6).toLowerCase()}`,
    lanes: Object.fromEntries(laneNames.map((lane) => [lane, { home: repository }])),
    profiles: { default: { command: ['sh', script, '{prompt_file}'], grace: '500ms' } },
    workers: { profile: 'default', checkpoint: '200ms' },
    policies: { lease: `${leaseMs}ms`, backoff: '100ms', ...options.policies },
    roles: Object.fromEntries([
      ...committers.map((name) => [name, 'committer']),
      ...takers.map((name) => [name, 'stale-takeover']),
    ]),
  };
  writeFileSync(join(folder, 'waggle.yaml'), stringify(config));
  await options.prepare?.(folder);
  const variables = cleanVariables();
  let places: ReadonlyMap<string, string> = new Map();
  const service = (name: string, ...words: string[]): ServiceSpec => ({
    name,
    argv: [process.execPath, SCRIPT, ...words],
    get cwd() {
      return places.get(name) ?? folder;
    },
    env: variables,
    restart: 'always',
    drainMs: 5_000,
  });
  const services = [
    service('nats', 'nats'),
    ...orchestrators.map((name) => service(name, 'orchestrator')),
    ...committers.map((name) => service(name, 'committer', '--name', name)),
    ...takers.map((name) => service(name, 'stale-takeover', '--name', name)),
    ...workers.map((name) => service(name, 'worker', '--name', name, '--label', name)),
  ];
  const supervisor = await startSupervisor({
    services,
    logDir: join(folder, 'logs'),
    stopOrder: [[...takers, ...committers, ...workers], orchestrators, ['nats']],
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    clock: systemClock,
    log: silentLog,
  });
  const opened: Bus[] = [];
  const stop = async (keep?: 'keep') => {
    await Promise.all(opened.map((bus) => bus.close()));
    await supervisor.stop();
    if (keep === undefined) place.remove();
  };
  try {
    await supervisor.start('nats');
    const isThere = () =>
      findBus({ folder, env: {} }).then(
        () => true,
        () => false,
      );
    await until('the bus to be announced', isThere, patienceMs);
    const others = services.map(({ name }) => name).filter((name) => name !== 'nats');
    places = (await options.placesOf?.(folder, others)) ?? places;
    for (const { name } of services) await supervisor.start(name);
    const found = await openContext({ folder, variables, service: 'test' });
    const context = { ...found, log: silentLog };
    const connect = async (part: 'core' | 'swarm' | 'agent', name: string): Promise<Bus> => {
      const bus = await connectAs(context, part, name);
      opened.push(bus);
      return bus;
    };
    const bus = await connect('agent', 'operator');
    const { project } = context;
    const client = createBoardClient({
      swarm: bus,
      project,
      agent: 'operator',
      clock: systemClock,
      timeoutMs: 20_000,
    });
    const board = configOf(context).board;
    const configured = await client.command({ v: 1, kind: 'configure', id: randomId(), config: board });
    if (configured.status !== 'ok') throw new Error(configured.message);
    const lanes = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).lanes;
    const areOpen = async () => {
      const known = await lanes();
      return laneNames.every((lane) => known[lane]?.tip !== undefined);
    };
    await until('the lanes to be opened', areOpen, patienceMs);
    // It judges nobody before it has watched for a whole lease: until then nobody can be taken.
    const watchLogs = takers.map((name) => supervisor.logFile(name));
    const judges = () => watchLogs.some((file) => readFileSync(file, 'utf8').includes('"msg":"judging"'));
    await until('the watch to judge', judges, patienceMs);
    return {
      folder,
      repository,
      notes: folder,
      client,
      supervisor,
      project,
      workers,
      orchestrators,
      committers,
      takers,
      connect,
      async add(tasks) {
        const specs = tasks.map((task) => ({ lane: 'main', ...task }));
        const answer = await client.command({ v: 1, kind: 'add', id: randomId(), tasks: specs });
        if (answer.status !== 'ok') throw new Error(answer.message);
      },
      journal: () => wholeJournal(client),
      async leader() {
        const { leader } = await client.query<'status'>({ v: 1, kind: 'status' });
        const name = orchestrators.find((one) => leader.includes(`-${supervisor.pid(one)}-`));
        if (name === undefined) throw new Error(`${leader} is none of ours`);
        return name;
      },
      servers: () =>
        processTable.withArguments(serverArguments(join(folder, '.waggle', 'nats', 'nats.conf'))),
      stop,
    };
  } catch (error) {
    const logs = services.map(({ name }) => `${name}: ${lastLines(join(folder, 'logs', `${name}.log`))}`);
    // What was prepared may be in the way of a removal.
    await stop(options.prepare === undefined ? undefined : 'keep');
    throw new Error(`the swarm did not start:\n${logs.join('\n')}`, { cause: error });
  }
}

function cleanVariables(): Record<string, string | undefined> {
  const foreign = /^(WAGGLE_.*|FMAIL_.*|GIT_.*|npm_.*)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-4).join('\n  ');
  } catch {
    return '(no log)';
  }
}

async function wholeJournal(client: BoardClient): Promise<Told[]> {
  const told: Told[] = [];
  for (let after = 0; ; ) {
    const page = await client.query<'journal'>({ v: 1, kind: 'journal', after });
    for (const { batch } of page.batches)
      told.push(...batch.events.map((event) => ({ at: batch.at, event })));
    const last = page.batches.at(-1)?.seq;
    if (last === undefined || last >= page.last) return told;
    after = last;
  }
}

/** Asks every 20 ms; throws when `what` did not come within the time. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    // Processes and files tell nobody of their change.
    await systemClock.sleep(20);
  }
}
