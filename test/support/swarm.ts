/**
 * Workers and a committer in this process, with real git and real harness processes, on a hive.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoardConfig, TaskView } from '../../schemas/index.ts';
import { runCommitter } from '../../services/committer/committer.ts';
import { runWorker, type WorkerOptions } from '../../services/worker/worker.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { commandProfile, type HarnessProfile } from '../../shared/harness/profile.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { randomId } from '../../shared/random.ts';
import { project, type TestHive } from './orchestrator.ts';

export interface RunningAgent {
  /** Ends it as SIGTERM would. */
  drain(): Promise<void>;
}

export interface RunningWorker extends RunningAgent {
  /** Settles when it has left, by itself too. */
  readonly done: Promise<void>;
}

/** A profile of the `command` harness as tests write it. */
export type CommandFields = Partial<HarnessProfile> & Pick<HarnessProfile, 'command'>;

export interface TestSwarm {
  readonly folder: string;
  worker(
    name: string,
    profile: CommandFields,
    drainMs?: number,
    more?: Partial<WorkerOptions>,
  ): Promise<RunningWorker>;
  committer(name?: string): Promise<RunningAgent>;
  /** Ends all that still run, as a test that failed may have left them. */
  end(): Promise<void>;
  /** The same, and committers go on. */
  endWorkers(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSwarm(hive: TestHive, log: Log = silentLog): Promise<TestSwarm> {
  const folder = await mkdtemp(join(tmpdir(), 'waggle-swarm-'));
  const workers = new Set<RunningAgent>();
  const committers = new Set<RunningAgent>();
  const track = (running: Set<RunningAgent>, end: AbortController, done: Promise<void>): RunningWorker => {
    const agent: RunningWorker = {
      done,
      async drain() {
        end.abort();
        running.delete(agent);
        await done;
      },
    };
    done.catch(() => undefined);
    running.add(agent);
    return agent;
  };
  const common = (agent: string) => ({
    project,
    agent,
    stateDir: join(folder, agent),
    environment: process.env,
    pid: process.pid,
    version: 'test',
    clock: systemClock,
    randomId,
    log,
  });
  const drain = async (...agents: RunningAgent[]) => {
    await Promise.all(agents.map((agent) => agent.drain()));
  };
  return {
    folder,
    end: () => drain(...workers, ...committers),
    endWorkers: () => drain(...workers),
    async worker(name, profile, drainMs = 5_000, more = {}) {
      const end = new AbortController();
      const swarm = await hive.connect(name);
      const profiles = new Map([['default', commandProfile(profile)]]);
      const options: WorkerOptions = { ...common(name), swarm, profiles, os: 'linux', drainMs, ...more };
      return track(workers, end, runWorker(options, end.signal));
    },
    async committer(name = 'committer') {
      const end = new AbortController();
      const swarm = await hive.connect(name);
      const options = { ...common(name), swarm, os: 'linux' as const, drainMs: 5_000 };
      return track(committers, end, runCommitter(options, end.signal));
    },
    async stop() {
      await drain(...workers, ...committers);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Roles that the tests' names hold. */
export const roles: BoardConfig['roles'] = {
  operator: 'operator',
  committer: 'committer',
  'committer-2': 'committer',
  taker: 'stale-takeover',
};

/** Asks until every task has ended, or `isOver` says so; the last word when that takes longer than `timeoutMs`. */
export async function untilTasks(
  client: BoardClient,
  isOver: (views: readonly TaskView[]) => boolean,
  timeoutMs = 20_000,
): Promise<readonly TaskView[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
    if (isOver(tasks)) return tasks;
    if (performance.now() > deadline) {
      const states = tasks.map(({ task }) => `${task.id}: ${task.state} ${task.blocked_reason ?? ''}`);
      throw new Error(`tasks did not get there within ${timeoutMs} ms: ${states.join('; ')}`);
    }
    // The board has no push for lists: ask again shortly.
    await systemClock.sleep(25);
  }
}

export const allEnded = (views: readonly TaskView[]): boolean =>
  views.length > 0 &&
  views.every(({ task }) => ['closed', 'failed', 'cancelled', 'blocked'].includes(task.state));
