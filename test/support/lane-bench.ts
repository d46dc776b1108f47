/**
 * What tests of the committer stand on: a hive, a lane of its own for each test, and a worker that submits what it
 * is told without running anything. Call `useLaneBench` once at the top of a test file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { BoardConfig, EventOf, FileRef, Policies, Task, TaskSpec } from '../../schemas/index.ts';
import type { Step } from '../../services/committer/commit-steps.ts';
import { type CommitterOptions, runCommitter } from '../../services/committer/committer.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { about, claimBy, eventsOf, type Granted, mailReport, sendClaim, until } from './asking.ts';
import type { CommitterProcessOptions } from './committer-process.ts';
import { type KeptLog, keptLog } from './kept-log.ts';
import { cancelAll, tasksLeft } from './left-tasks.ts';
import { project, startHive, type TestHive } from './orchestrator.ts';
import { commitFiles, type Files, gitIn, makeBare, makeRepository, temporaryFolder } from './repository.ts';
import { type RunningAgent, roles, startSwarm, type TestSwarm } from './swarm.ts';

const script = fileURLToPath(new URL('./committer-process.ts', import.meta.url));

const usual: Partial<Policies> = { lease_ms: 800, backoff_ms: 20 };

/** A committer in a process of its own. */
export interface CommitterProcess {
  readonly child: ChildProcess;
  /** What it has logged so far. */
  lines(): Readonly<Record<string, unknown>>[];
  /** Resolves when it stands still at the step it was told to pause at. */
  paused(): Promise<void>;
  /** Where it says so, and what lets it go on. */
  readonly at: string;
  readonly go: string;
  kill(): Promise<void>;
}

export interface HookedOptions extends Partial<CommitterOptions> {
  /** Runs on the state directory of that agent's process. */
  readonly agent: string;
}

export class LaneBench {
  readonly place = temporaryFolder();
  readonly log: KeptLog = keptLog();
  hive!: TestHive;
  swarm!: TestSwarm;
  client!: BoardClient;
  /** Connection of the worker `w1`. */
  w1!: Bus;
  /** The test's own lane. */
  lane = '';
  home = '';
  branch = '';
  #tests = 0;
  #claims = 0;
  #running: RunningAgent[] = [];
  #processes = new Set<CommitterProcess>();
  /** What `configure` makes of the policies; a dead committer can be taken over from after a lease. */
  policies: Partial<Policies> = usual;

  async start(): Promise<void> {
    this.hive = await startHive();
    this.swarm = await startSwarm(this.hive, this.log);
    this.client = await this.hive.client('operator');
    this.w1 = await this.hive.connect('w1');
  }

  async stop(): Promise<void> {
    await this.swarm.stop();
    await this.hive.stop();
    this.place.remove();
  }

  async openTest(): Promise<void> {
    this.#tests += 1;
    this.lane = `lane-${this.#tests}`;
    this.branch = `waggle/${this.lane}`;
    this.home = makeRepository(join(this.place.path, this.lane), { 'a.txt': 'old\n', 'b.txt': 'old\n' });
    await this.configure(this.home);
  }

  async closeTest(): Promise<void> {
    await Promise.all([...this.#processes].map((one) => one.kill()));
    this.#processes.clear();
    await cancelAll(this.client);
    await Promise.all(this.#running.map((agent) => agent.drain()));
    this.#running = [];
    this.policies = usual;
    this.log.lines.length = 0;
  }

  /** The home becomes a bare repository, or one behind a URL; gives what the lane's configuration says. */
  makeHome(kind: 'path' | 'url'): string {
    if (kind === 'path') return this.home;
    this.home = makeBare(this.home, join(this.place.path, `${this.lane}.git`));
    return `file://${this.home}`;
  }

  /** Configures the test's lane with that home, and `more` lanes by their homes. */
  async configure(home: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const gate = (name: string, run: string) => ({ [name]: { name, run, timeout_ms: 60_000 } });
    const go = join(this.place.path, 'go');
    const lane = (name: string, where: string) => ({
      [name]: { home: where, base: 'HEAD', branch: `waggle/${name}`, gates: [] },
    });
    const others = Object.entries(more).map(([name, where]) => lane(name, where));
    await this.hive.configure({
      roles: { ...roles, ...this.committers },
      lanes: Object.assign(await this.#inUse(), lane(this.lane, home), ...others),
      policies: { ...emptyConfig.policies, ...usual, ...this.policies },
      gates: {
        ...gate('VG-GREEN', 'true'),
        ...gate('VG-RED', 'echo it is broken; exit 1'),
        // Ends when the test says how.
        ...gate('VG-WAIT', `while [ ! -e "${go}" ]; do sleep 0.02; done; exec sh "${go}"`),
      },
    });
  }

  /** Lanes of tasks that have not ended cannot go: what a failed test left in a committer's hands. */
  async #inUse(): Promise<BoardConfig['lanes']> {
    const names = (await tasksLeft(this.client)).map(({ lane }) => lane);
    if (names.length === 0) return {};
    const { config } = await this.client.query<'status'>({ v: 1, kind: 'status' });
    return Object.fromEntries(Object.entries(config.lanes).filter(([name]) => names.includes(name)));
  }

  /** Starts a committer, which the end of the test drains, and waits until the lane is open. */
  async commit(...names: string[]): Promise<void> {
    for (const name of names.length === 0 ? ['committer'] : names) {
      this.#running.push(await this.swarm.committer(name));
    }
    await until('the lane is open', () => this.isOpen());
  }

  /** Further names that commit. */
  committers: Record<string, 'committer'> = {};

  /** Starts a committer in this process with options of its own. */
  async hooked(options: HookedOptions): Promise<RunningAgent> {
    const end = new AbortController();
    const { agent } = options;
    const swarm = await this.hive.connect(agent);
    const done = runCommitter(
      {
        swarm,
        project,
        stateDir: join(this.place.path, 'agents', agent),
        environment: process.env,
        os: 'linux',
        pid: process.pid,
        version: 'test',
        drainMs: 5_000,
        clock: systemClock,
        randomId,
        log: this.log,
        ...options,
      },
      end.signal,
    );
    done.catch(() => undefined);
    const running = {
      async drain() {
        end.abort();
        await done;
      },
    };
    this.#running.push(running);
    return running;
  }

  /** Starts a committer's process; with `step` it stands still there. */
  process(agent: string, more: Partial<CommitterProcessOptions> = {}, step?: Step): CommitterProcess {
    const [at, go] = ['at', 'go'].map((name) => join(this.place.path, `${agent}-${randomId(4)}.${name}`)) as [
      string,
      string,
    ];
    const options: CommitterProcessOptions = {
      login: this.hive.server.workerSwarm,
      project,
      agent,
      stateDir: join(this.place.path, 'agents', agent),
      ...(step === undefined ? {} : { pause: { step, at, go } }),
      ...more,
    };
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const one: CommitterProcess = {
      child,
      at,
      go,
      lines: () =>
        // The last piece is a line that has not come whole yet.
        text
          .split('\n')
          .slice(0, -1)
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      paused: () =>
        until(`${agent} stands at ${step ?? 'no step'}: ${text}`, () => existsSync(at), 45_000).then(
          () => undefined,
        ),
      kill: async () => {
        this.#processes.delete(one);
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      },
    };
    this.#processes.add(one);
    return one;
  }

  /** Reports the owner of the task's live grant dead, as often as it takes until that grant has ended. */
  async takeOver(id: string): Promise<void> {
    const { grant } = await this.task(id);
    if (grant === undefined) throw new Error(`${id} has no live grant`);
    this.#taker ??= await this.hive.connect('taker');
    const taker = this.#taker;
    await until(
      `fence ${grant.fence} of ${id} is taken over`,
      async () => {
        await mailReport(taker, 'taker', {
          v: 1,
          id: randomId(),
          task: id,
          fence: grant.fence,
          run: grant.run,
          kind: 'takeover',
          reason: 'dead',
          silent_ms: 60_000,
        });
        return (await this.task(id)).grant?.fence !== grant.fence;
      },
      20_000,
    );
  }
  #taker: Bus | undefined;

  /** Starts a committer without waiting for anything. */
  async beginCommitter(): Promise<void> {
    this.#running.push(await this.swarm.committer());
  }

  async drainCommitters(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((agent) => agent.drain()));
  }

  async worker(name: string, command: string[]): Promise<void> {
    this.#running.push(await this.swarm.worker(name, { command }));
  }

  async isOpen(): Promise<boolean> {
    const { lanes } = await this.client.query<'status'>({ v: 1, kind: 'status' });
    return lanes[this.lane]?.tip !== undefined;
  }

  async task(id: string): Promise<Task> {
    return (await this.client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
  }

  /** The number and slot of a claim that nobody has made. */
  fresh(): { number: number; slot: number } {
    this.#claims += 1;
    return { number: this.#claims, slot: this.#claims };
  }

  /** Claims a task as a worker does, when its turn has come. */
  claim(id: string): Promise<Granted> {
    return until(`${id} is granted`, async () => {
      const answer = await sendClaim(this.w1, 'w1', claimBy('w1', { ...this.fresh(), wait_ms: 100 }));
      if (answer.kind === 'granted' && answer.grant.task !== id) throw new Error(`got ${answer.grant.task}`);
      return answer.kind === 'granted' && answer.grant;
    });
  }

  async add(id: string, more: Partial<TaskSpec> = {}): Promise<Granted> {
    const tasks = [{ id, title: `Task ${id}`, lane: this.lane, ...more }];
    const answer = await this.client.command({ v: 1, kind: 'add', id: `add-${id}`, tasks });
    if (answer.status !== 'ok') throw new Error(answer.message);
    return this.claim(id);
  }

  /** Submits files as the change of a grant; `named` may name another bundle than the one that was stored. */
  async submit(
    grant: Granted,
    files: Files,
    named: (ref: FileRef) => FileRef | Promise<FileRef> = (ref) => ref,
  ): Promise<void> {
    const { place, w1 } = this;
    const lane = grant.kind === 'work' ? grant.lane : undefined;
    const home = lane?.home.replace('file://', '') ?? this.home;
    const branch = lane?.branch ?? this.branch;
    const base = gitIn(home, 'rev-parse', '--verify', '-q', `${branch}^{commit}`);
    const clone = join(place.path, `clone-${grant.fence}`);
    gitIn(place.path, 'clone', '-q', '--no-checkout', home, clone);
    gitIn(clone, 'fetch', '-q', home, branch);
    gitIn(clone, 'checkout', '-q', '--detach', base);
    const head = commitFiles(clone, files, `work of ${grant.task}`);
    gitIn(clone, 'update-ref', 'refs/heads/out', head);
    const path = join(place.path, `${grant.fence}.bundle`);
    gitIn(clone, 'bundle', 'create', '-q', path, 'refs/heads/out', `^${base}`);
    const bundle = await named(await putFile(w1, project, 'w1', path));
    await mailReport(w1, 'w1', { ...about(grant), kind: 'submitted', base, head, bundle, message: '' });
  }

  /** The task, once it has ended. */
  ended(id: string, timeoutMs?: number): Promise<Task> {
    const hasEnded = async () => {
      const task = await this.task(id);
      return ['closed', 'failed', 'cancelled', 'blocked'].includes(task.state) && task;
    };
    return until(`${id} has ended`, hasEnded, timeoutMs);
  }

  /** Subjects of what was committed on the lane, oldest first. */
  subjects(branch = this.branch): string[] {
    const text = gitIn(this.home, 'log', '--reverse', '--format=%s', `main..${branch}`);
    return text === '' ? [] : text.split('\n');
  }

  async landings(id: string): Promise<EventOf<'commit_landed'>[]> {
    return (await eventsOf(this.client)).flatMap((event) =>
      event.type === 'commit_landed' && event.task === id ? [event] : [],
    );
  }
}

/** A bench for all tests of the file, with a lane of its own for each. */
export function useLaneBench(): LaneBench {
  const bench = new LaneBench();
  beforeAll(() => bench.start());
  beforeEach(() => bench.openTest());
  afterEach(() => bench.closeTest());
  afterAll(() => bench.stop());
  return bench;
}
