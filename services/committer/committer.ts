/**
 * The committer: claims submissions as a worker claims tasks and turns each into one clean commit in its lane.
 * Opens the lanes it serves first, and says what their branches' tips are: workers wait for that.
 */
import { join } from 'node:path';
import type { BoardConfig } from '../../schemas/index.ts';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
import type { Courier } from '../../shared/agent/courier.ts';
import { openOutbox } from '../../shared/agent/outbox.ts';
import { createBoardClient, isTransient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { runCommit } from './commit-run.ts';
import { LaneDesk } from './lane-desk.ts';

export interface CommitterOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  /** The lanes to serve; absent: all of the project. */
  readonly lanes?: readonly string[];
  readonly environment: Environment;
  readonly os: 'linux' | 'darwin';
  readonly pid: number;
  readonly version: string;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

const RETRY_MS = 500;

/** Works until the signal aborts. Errors: `state-locked`; those of a lane whose home cannot be served. */
export async function runCommitter(options: CommitterOptions, drain: AbortSignal): Promise<void> {
  const { stateDir, log, randomId, lanes } = options;
  const lock = await acquireStateLock(stateDir, { randomId });
  try {
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    const desk = new LaneDesk(stateDir);
    await runClaimLoop(
      {
        ...options,
        role: 'committer',
        work: 'commit',
        lock,
        outbox,
        capabilities: {
          profile: 'committer',
          harness: 'git',
          os: options.os,
          ...(lanes === undefined ? {} : { lanes: [...lanes] }),
        },
        prepare: (courier, signal) => openLanes(options, desk, courier, signal),
        perform: (held) =>
          held.grant.kind === 'commit'
            ? runCommit({ ...options, desk }, held, held.grant)
            : Promise.resolve(undefined),
      },
      drain,
    );
  } finally {
    await lock.release();
  }
}

async function openLanes(
  options: CommitterOptions,
  desk: LaneDesk,
  courier: Courier,
  signal: AbortSignal,
): Promise<void> {
  const { randomId, log } = options;
  const configured = await lanesOf(options, signal);
  for (const [name, lane] of Object.entries(configured)) {
    const { home } = await desk.hands(lane, signal);
    const tip = await home.open({ branch: lane.branch, base: lane.base, signal });
    log.info({ lane: name, branch: lane.branch, tip }, 'lane opened');
    await courier.keep({ v: 1, kind: 'lane', id: randomId(), lane: name, tip });
  }
}

/** The lanes to serve, once the project is configured. */
async function lanesOf(options: CommitterOptions, signal: AbortSignal): Promise<BoardConfig['lanes']> {
  const { swarm, project, agent, clock, log, lanes } = options;
  const client = createBoardClient({ swarm, project, agent, clock });
  for (;;) {
    signal.throwIfAborted();
    try {
      const { config } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
      const served = Object.entries(config.lanes).filter(([name]) => lanes?.includes(name) ?? true);
      if (Object.keys(config.lanes).length > 0) return Object.fromEntries(served);
    } catch (error) {
      if (!isWaggleError(error) || !isTransient(error)) throw error;
      log.debug({ reason: messageOf(error) }, 'no leader answers yet');
    }
    await clock.sleep(RETRY_MS, signal);
  }
}
