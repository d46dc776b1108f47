/**
 * The worker: claims tasks and runs one harness at a time. Holds the lock of its state directory, ends what a
 * predecessor left running, delivers what it left unsent, then claims.
 */
import { join } from 'node:path';
import type { Capabilities } from '../../schemas/index.ts';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
import { openOutbox } from '../../shared/agent/outbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CommandProfile } from '../../shared/harness/command.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { endLeftovers, openGroupRecords } from './group-records.ts';
import { MirrorDesk } from './mirror-desk.ts';
import { runTask } from './task-run.ts';

export interface WorkerOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly profile: CommandProfile;
  readonly capabilities: Capabilities;
  readonly environment: Environment;
  readonly pid: number;
  readonly version: string;
  readonly drainMs: number;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** Works until the signal aborts. Errors: `state-locked`, `refused` when the swarm will not have this agent. */
export async function runWorker(options: WorkerOptions, drain: AbortSignal): Promise<void> {
  const { stateDir, clock, log, randomId, profile } = options;
  const lock = await acquireStateLock(stateDir, { randomId });
  try {
    const groups = await openGroupRecords(stateDir);
    await endLeftovers(stateDir, { clock, log, graceMs: profile.graceMs });
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    const perform = { ...options, groups, mirrors: new MirrorDesk(stateDir) };
    await runClaimLoop(
      {
        ...options,
        role: 'worker',
        work: 'task',
        lock,
        outbox,
        perform: (held) =>
          held.grant.kind === 'work' ? runTask(perform, held, held.grant) : Promise.resolve(undefined),
      },
      drain,
    );
  } finally {
    await lock.release();
  }
}
