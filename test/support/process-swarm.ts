/**
 * A swarm of real processes from dist/ on a repository of its own, for tests that kill them: bus, orchestrators,
 * committers, takeover services and workers under the supervisor, and a connection of the operator's to look at it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { serverArguments } from '../../infra/nats/launch.ts';
import { type ServiceSpec, type Supervisor, startSupervisor } from '../../infra/supervisor/supervisor.ts';
import type { Event, TaskSpec } from '../../schemas/index.ts';
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
  readonly leaseMs?: number;
  /** Text of the `sh` script that is the harness; `$1` is the prompt file. */
  readonly harness: string;
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
  readonly workers: readonly string[];
  add(tasks: readonly TaskSpec[]): Promise<void>;
  journal(): Promise<Told[]>;
  /** Name of the orchestrator process that leads. */
  leader(): Promise<string>;
  /** Pids of the nats-server. */
  servers(): Promise<number[]>;
  stop(): Promise<void>;
}

const named = (name: string, n: number): string[] =>
  Array.from({ length: n }, (_, at) => (at === 0 ? name : `${name}-${at + 1}`));

export async function startProcessSwarm(options: ProcessSwarmOptions): Promise<ProcessSwarm> {
  const { leaseMs = 2_000 } = options;
  const place = temporaryFolder('waggle-swarm-');
  const folder = place.path;
  const repository = makeRepository(join(folder, 'repository'));
  const script = join(folder, 'harness.sh');
  writeFileSync(script, options.harness.replaceAll('@NOTES@', folder));
  const orchestrators = named('orchestrator', options.orchestrators ?? 2);
  const committers = named('committer', options.committers ?? 1);
  const workers = Array.from({ length: options.workers }, (_, n) => `w${n + 1}`);
  const config = {
    project: `kill-${randomId(6).toLowerCase()}`,
    lanes: { main: { home: repository } },
    profiles: { default: { command: ['sh', script, '{prompt_file}'], grace: '500ms' } },
    workers: { profile: 'default', checkpoint: '200ms' },
    policies: { lease: `${leaseMs}ms`, backoff: '100ms' },
    roles: Object.fromEntries(committers.map((name) => [name, 'committer'])),
  };
  writeFileSync(join(folder, 'waggle.yaml'), stringify(config));
  const variables = cleanVariables();
  const service = (name: string, ...words: string[]): ServiceSpec => ({
    name,
    argv: [process.execPath, SCRIPT, ...words],
    cwd: folder,
    env: variables,
    restart: 'always',
    drainMs: 5_000,
  });
  const services = [
    service('nats', 'nats'),
    ...orchestrators.map((name) => service(name, 'orchestrator')),
    ...committers.map((name) => service(name, 'committer', '--name', name)),
    service('stale-takeover', 'stale-takeover'),
    ...workers.map((name) => service(name, 'worker', '--name', name)),
  ];
  const supervisor = await startSupervisor({
    services,
    logDir: join(folder, 'logs'),
    stopOrder: [['stale-takeover', ...committers, ...workers], orchestrators, ['nats']],
    clock: systemClock,
    log: silentLog,
  });
  const opened: Bus[] = [];
  const stop = async () => {
    await Promise.all(opened.map((bus) => bus.close()));
    await supervisor.stop();
    place.remove();
  };
  try {
    await supervisor.start('nats');
    await until('the bus to be announced', () =>
      findBus({ folder, env: {} }).then(
        () => true,
        () => false,
      ),
    );
    for (const { name } of services) await supervisor.start(name);
    const found = await openContext({ folder, variables, service: 'test' });
    const context = { ...found, log: silentLog };
    const bus = await connectAs(context, 'agent', 'operator');
    opened.push(bus);
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
    await until('the lane to be opened', async () => (await lanes())['main']?.tip !== undefined);
    // It judges nobody before it has watched for a whole lease: until then nobody can be taken.
    const watchLog = supervisor.logFile('stale-takeover');
    await until('the watch to judge', () => readFileSync(watchLog, 'utf8').includes('"msg":"judging"'));
    return {
      folder,
      repository,
      notes: folder,
      client,
      supervisor,
      workers,
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
    await stop();
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
