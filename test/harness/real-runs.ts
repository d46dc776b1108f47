/**
 * A swarm of real coding agents: real workers that run them by pools of profiles, on a real bus, with a real repository
 * and a real committer. The models are scripts.
 */
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  BoardConfig,
  Control,
  ControlAnswer,
  Mode,
  PoolStrategy,
  RunRecord,
  Task,
  TaskSpec,
} from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../shared/mail/desk.ts';
import { randomId } from '../../shared/random.ts';
import { add, eventsOf, until } from '../support/asking.ts';
import type { ModelEndpoint } from '../support/model-endpoint/endpoint.ts';
import { project, startHive } from '../support/orchestrator.ts';
import { makeRepository, temporaryFolder } from '../support/repository.ts';
import { type RunningWorker, roles, startSwarm } from '../support/swarm.ts';
import type { Installed, ProfileFields } from './harness.ts';

const COMMANDS = Object.fromEntries(
  ['waggle', 'fmail'].map((name) => [
    name,
    [process.execPath, fileURLToPath(new URL(`../../dist/services/cli/${name}.js`, import.meta.url))],
  ]),
);
const RUN_MS = 90_000;

/** Whom a profile runs, and which model it speaks with. */
export interface Casting {
  readonly installed: Installed;
  readonly model: ModelEndpoint;
  readonly more?: ProfileFields;
  readonly maxConcurrency?: number;
}

export interface RealRunsOptions {
  readonly profiles: Readonly<Record<string, Casting>>;
  readonly pools?: Readonly<Record<string, { strategy: PoolStrategy; profiles: string[] }>>;
  /** By name: the profiles of a worker, all by default, the pool that chooses among them, and how it works. */
  readonly workers?: Readonly<Record<string, WorkerPart>>;
}

export interface WorkerPart {
  readonly profiles?: readonly string[];
  readonly pool?: string;
  readonly mode?: Mode;
}

export interface RealRuns {
  readonly repository: string;
  readonly client: BoardClient;
  /** Mail of the operator. */
  readonly operator: MailDesk;
  /** The id of the new task. */
  add(spec?: Partial<TaskSpec>): Promise<string>;
  /** Waits for a task that is as wished. */
  task(id: string, what: string, isThere: (task: Task) => boolean, timeoutMs?: number): Promise<Task>;
  /** Waits for its end. */
  ended(id: string, timeoutMs?: number): Promise<Task>;
  /** Its runs of work, oldest first. */
  runs(id: string): Promise<RunRecord[]>;
  /** What the worker told its harness, and what that printed. */
  prompt(run: RunRecord): string;
  output(run: RunRecord): string;
  /** The words of progress that the board knows of. */
  notes(id: string): Promise<string[]>;
  control(agent: string, control: Control): Promise<ControlAnswer>;
  stop(): Promise<void>;
}

/** Ends its models too when it is stopped. */
export async function startRealRuns(options: RealRunsOptions): Promise<RealRuns> {
  const { profiles, pools = {}, workers = { 'w-1': {} } } = options;
  const folder = temporaryFolder('waggle-harness-');
  const repository = makeRepository(join(folder.path, 'home'), { 'a.txt': 'as it was\n' });
  const hive = await startHive();
  await hive.configure({ ...boardConfig(profiles, pools), lanes: lanesOf(repository) });
  const client = await hive.client('operator');
  const bus = await hive.connect('operator');
  const swarm = await startSwarm(hive);
  await swarm.committer();
  const operator = createBusDesk({
    swarm: bus,
    project,
    agent: 'operator',
    clock: systemClock,
    randomId,
    identity: 'operator',
    host: 'here',
  });
  const running: RunningWorker[] = [];
  for (const [name, { profiles: names = Object.keys(profiles), pool, mode }] of Object.entries(workers)) {
    const known = names.map((profile) => {
      const casting = profiles[profile];
      if (casting === undefined) throw new Error(`there is no profile ${profile}`);
      return [profile, profileOf(casting, mkdtempSync(join(folder.path, 'agent-')))] as const;
    });
    running.push(
      await swarm.worker(name, { command: [] }, 5_000, {
        profiles: new Map(known),
        commands: COMMANDS,
        // Nothing of whoever runs the suite: no key, no folder with a login.
        environment: { PATH: process.env['PATH'], LANG: 'C.UTF-8', USER: process.env['USER'] },
        ...(pool === undefined ? {} : { pool }),
        ...(mode === undefined ? {} : { mode }),
      }),
    );
  }
  const recordsOf = ({ agent, run }: RunRecord): string => join(swarm.folder, agent, 'runs', run);
  let count = 0;
  const task: RealRuns['task'] = (id, what, isThere, timeoutMs = RUN_MS + 20_000) =>
    until(
      what,
      async () => {
        const now = (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
        return isThere(now) && now;
      },
      timeoutMs,
    );
  return {
    repository,
    client,
    operator,
    async add(spec = {}) {
      count += 1;
      const id = `t-${count}`;
      await add(client, { id, title: `Task ${count}`, body: 'Do it.', ...spec });
      return id;
    },
    task,
    ended: (id, timeoutMs) =>
      task(
        id,
        `${id} has come to its end`,
        ({ state }) => ['closed', 'failed', 'blocked'].includes(state),
        timeoutMs,
      ),
    async runs(id) {
      const { runs } = await client.query<'runs'>({ v: 1, kind: 'runs', task: id });
      return runs.filter(({ kind }) => kind === 'work').reverse();
    },
    prompt: (run) => readFileSync(join(recordsOf(run), 'prompt.md'), 'utf8'),
    output: (run) => readFileSync(join(recordsOf(run), 'output.log'), 'utf8'),
    async notes(id) {
      const events = await eventsOf(client);
      return events.flatMap((event) =>
        event.type === 'progressed' && event.task === id ? [event.note] : [],
      );
    },
    control: (agent, control) =>
      call(bus, subjectsOf(project).request('control', agent), ['Control', control], 'ControlAnswer', {
        timeoutMs: 30_000,
      }),
    async stop() {
      await Promise.all(running.map((worker) => worker.drain()));
      await operator.close();
      await swarm.stop();
      await hive.stop();
      await Promise.all(Object.values(profiles).map(({ model }) => model.close()));
      folder.remove();
    },
  };
}

function boardConfig(
  profiles: RealRunsOptions['profiles'],
  pools: NonNullable<RealRunsOptions['pools']>,
): Partial<BoardConfig> {
  const known = Object.entries(profiles).map(([name, { maxConcurrency }]) => [
    name,
    maxConcurrency === undefined ? {} : { max_concurrency: maxConcurrency },
  ]);
  return {
    roles,
    // A second attempt would hide that one was spent.
    policies: { ...emptyConfig.policies, max_attempts: 1 },
    profiles: Object.fromEntries(known),
    pools,
  };
}

const lanesOf = (home: string): BoardConfig['lanes'] => ({
  main: { home, base: 'HEAD', branch: 'waggle/main', gates: [] },
});

/** A whole profile. `home`: a folder of its own. */
export function profileOf({ installed, model, more }: Casting, home: string): HarnessProfile {
  const { harness, program } = installed;
  // Some leave what they unpack there.
  const TMPDIR = join(home, 'tmp');
  mkdirSync(TMPDIR);
  const fields = { ...harness.profile({ home, endpoint: model.url }), ...more };
  return {
    harness: harness.name,
    command: [],
    program,
    args: [],
    rights: 'edit',
    mcp: false,
    env: [],
    graceMs: 2_000,
    timeoutMs: RUN_MS,
    ...fields,
    set: { ...fields.set, ...onlyHere(model.url), HOME: home, TMPDIR },
  };
}

/** Whatever is asked for elsewhere is asked for at the model's endpoint, which refuses it by name. */
const onlyHere = (url: string): Record<string, string> => ({
  HTTP_PROXY: url,
  HTTPS_PROXY: url,
  http_proxy: url,
  https_proxy: url,
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
});
