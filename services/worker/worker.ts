/**
 * The worker: claims tasks and runs one harness at a time. Holds the lock of its state directory, ends what a
 * predecessor left running, takes up the trees it left, delivers what it left unsent, then claims.
 */
import { join } from 'node:path';
import type { Capabilities } from '../../schemas/index.ts';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
import { IdleStop } from '../../shared/agent/idle-stop.ts';
import { openOutbox } from '../../shared/agent/outbox.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CommandProfile } from '../../shared/harness/command.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import { openLedger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { endLeftovers, openGroupRecords } from './group-records.ts';
import { MirrorDesk } from './mirror-desk.ts';
import { sweepTrees } from './sweep.ts';
import { runTask } from './task-run.ts';

export interface WorkerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  /** The project's folder, for the ledger; default the state directory. */
  readonly repoPath?: string;
  readonly profile: CommandProfile;
  readonly capabilities: Capabilities;
  readonly environment: Environment;
  /** How often a run's tree is stored while its harness works; default and 0: never. */
  readonly checkpointMs?: number;
  /** Leave after three snapshots without work, each after a claim that waited this long; absent: wait for ever. */
  readonly idleWaitMs?: number;
  readonly pid: number;
  readonly version: string;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** What a claim may ask for. */
const LONGEST_WAIT_MS = 600_000;

/**
 * Works until the signal aborts, a control message says `drain`, or there is nothing to do (`idleWaitMs`). Errors:
 * `state-locked`, `incarnation-ended`, `refused` when the swarm will not have this agent.
 */
export async function runWorker(options: WorkerOptions, drain: AbortSignal): Promise<void> {
  const { swarm, project, agent, stateDir, clock, log, randomId, profile, capabilities, idleWaitMs } =
    options;
  const lock = await acquireStateLock(stateDir, { randomId });
  try {
    const placeState = lock.place.state;
    const groups = await openGroupRecords({ stateDir, placeState });
    await endLeftovers({ stateDir, placeState }, { clock, log, graceMs: profile.graceMs });
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    await sweepTrees({ stateDir, placeState, agent, outbox, randomId, log });
    const client = createBoardClient({ swarm, project, agent, clock });
    const perform = {
      ...options,
      placeState,
      client,
      profileName: capabilities.profile,
      harness: capabilities.harness,
      checkpointMs: options.checkpointMs ?? 0,
      groups,
      mirrors: new MirrorDesk(stateDir),
      ledger: openLedger({
        file: join(stateDir, 'ledger.md'),
        loopId: lock.stateId,
        name: agent,
        repoPath: options.repoPath ?? stateDir,
        createdAt: clock.now(),
      }),
    };
    const idleStop =
      idleWaitMs === undefined
        ? {}
        : {
            idleStop: {
              watch: new IdleStop({ ...options, client }),
              waitMs: Math.min(idleWaitMs, LONGEST_WAIT_MS),
            },
          };
    await runClaimLoop(
      {
        ...options,
        ...idleStop,
        role: 'worker',
        work: 'task',
        lock,
        outbox,
        async perform(held, desk) {
          if (held.grant.kind === 'work') await runTask(perform, held, held.grant, desk);
          return undefined;
        },
      },
      drain,
    );
  } finally {
    await lock.release();
  }
}
