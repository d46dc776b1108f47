/**
 * What tests of surviving workers stand on: a hive with a short lease, a lane and a task of its own for each test,
 * and harnesses that pause at a marker.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { EventOf, Report, Task, TaskSpec } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { add, eventsOf, mailReport, until } from './asking.ts';
import { startHive, type TestHive } from './orchestrator.ts';
import { gitIn, makeRepository, temporaryFolder } from './repository.ts';
import { lineIn, type RunningWorkers, runningWorkers } from './running-workers.ts';
import { roles, startSwarm, type TestSwarm } from './swarm.ts';

export const LEASE_MS = 1_000;

export interface WorkerBench {
  readonly hive: TestHive;
  readonly swarm: TestSwarm;
  readonly client: BoardClient;
  /** Workers in processes of their own. */
  readonly workers: RunningWorkers;
  readonly folder: string;
  /** Number of the test: names that hold it are its own. */
  readonly n: number;
  /** The test's repository, lane and task. */
  readonly home: string;
  readonly lane: string;
  readonly id: string;
  /** A file of the test's own. */
  file(name: string): string;
  add(more?: Partial<TaskSpec>): Promise<void>;
  task(): Promise<Task>;
  /** Its live grant as reports name it. */
  grant(): Promise<Pick<Extract<Report, { kind: 'done' }>, 'v' | 'task' | 'fence' | 'run'>>;
  events<K extends 'checkpointed' | 'grant_ended' | 'granted'>(type: K): Promise<EventOf<K>[]>;
  /** A script that does `work`, says so, waits until `go`, and does `then`. */
  pausing(work: string, then?: string): string;
  atMarker(): Promise<number>;
  go(): void;
  until(what: string, isSo: (task: Task) => boolean): Promise<Task>;
  /** An operator ends its grant, and opens it again. */
  takeBack(): Promise<void>;
  /** Reports the owner dead until the board believes it; gives the fence that was taken. */
  takeOver(): Promise<number>;
}

/** Registers the hooks of a test file. */
export function workerBench(leaseMs = LEASE_MS): WorkerBench {
  const temporary = temporaryFolder();
  const folder = temporary.path;
  let hive: TestHive;
  let swarm: TestSwarm;
  let client: BoardClient;
  let n = 0;
  let home = '';
  const workers = runningWorkers(() => hive, folder);
  const id = () => `t-${n}`;
  const lane = () => `lane-${n}`;
  const file = (name: string) => join(folder, `${name}-${n}`);
  const task = async () => (await client.query<'task'>({ v: 1, kind: 'task', id: id() })).view.task;

  beforeAll(async () => {
    hive = await startHive();
    client = await hive.client('operator');
    swarm = await startSwarm(hive);
  });
  beforeEach(async () => {
    n += 1;
    home = makeRepository(join(folder, `home-${n}`), { 'a.txt': 'one\n', 'b.txt': 'b\n' });
    const { config } = await client.query<'status'>({ v: 1, kind: 'status' });
    const added = { home, base: 'HEAD', branch: 'waggle/main', gates: [] };
    await hive.configure({
      roles,
      policies: { ...config.policies, lease_ms: leaseMs, max_losses: 9 },
      lanes: { ...config.lanes, [lane()]: added },
    });
    // The board learns the lane's tip as from a committer.
    const committer = await hive.connect('committer');
    const tip = gitIn(home, 'rev-parse', 'HEAD');
    await mailReport(committer, 'committer', { v: 1, kind: 'lane', id: `tip-${n}`, lane: lane(), tip });
    await until('the tip is known', async () => {
      const { lanes } = await client.query<'status'>({ v: 1, kind: 'status' });
      return lanes[lane()]?.tip === tip;
    });
  });
  afterEach(async () => {
    // No other test's worker may get it.
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${n}`, task: id() });
    await workers.end();
    await swarm.end();
  });
  afterAll(async () => {
    await swarm.stop();
    await hive.stop();
    temporary.remove();
  });

  return {
    get hive() {
      return hive;
    },
    get swarm() {
      return swarm;
    },
    get client() {
      return client;
    },
    workers,
    folder,
    get n() {
      return n;
    },
    get home() {
      return home;
    },
    get lane() {
      return lane();
    },
    get id() {
      return id();
    },
    file,
    add: (more = {}) => add(client, { id: id(), title: `Task ${n}`, body: 'Do it.', lane: lane(), ...more }),
    task,
    async grant() {
      const { grant } = await task();
      if (grant === undefined) throw new Error(`${id()} has no grant`);
      return { v: 1, task: id(), fence: grant.fence, run: grant.run };
    },
    async events(type) {
      const events = await eventsOf(client);
      return events.filter((event): event is Extract<typeof event, { type: typeof type }> => {
        return event.type === type && 'task' in event && event.task === id();
      });
    },
    pausing: (work, then = ':') =>
      `${work}; echo $$ > ${file('at')}; while [ ! -e ${file('go')} ]; do sleep 0.02; done; ${then}`,
    atMarker: async () => Number(await until('the harness is at its marker', () => lineIn(file('at')))),
    go: () => writeFileSync(file('go'), ''),
    until: (what, isSo) =>
      until(what, async () => {
        const now = await task();
        return isSo(now) && now;
      }),
    async takeBack() {
      for (const kind of ['cancel', 'reopen'] as const) {
        const answer = await client.command({ v: 1, kind, id: `${kind}-back-${n}`, task: id() });
        if (answer.status !== 'ok') throw new Error(answer.message);
      }
    },
    async takeOver() {
      const taker = await hive.connect('taker');
      const { grant } = await task();
      if (grant === undefined) throw new Error(`${id()} has no grant`);
      let attempt = 0;
      await until('the grant is taken', async () => {
        if ((await task()).grant?.fence !== grant.fence) return true;
        attempt += 1;
        await mailReport(taker, 'taker', {
          v: 1,
          task: id(),
          fence: grant.fence,
          run: grant.run,
          kind: 'takeover',
          id: `take-${n}-${grant.fence}-${attempt}`,
          reason: 'dead',
          silent_ms: leaseMs,
        });
        return false;
      });
      return grant.fence;
    },
  };
}

/** A profile that runs a script; `$0` is the prompt file. */
export const sh = (script: string) => ({ command: ['sh', '-c', script, '{prompt_file}'] });
