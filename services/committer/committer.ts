/**
 * The committer: claims submissions as a worker claims tasks and turns each into one clean commit in its lane,
 * and keeps the lanes that it serves open.
 */
import { join } from 'node:path';
import { runClaimLoop } from '../../shared/agent/claim-loop.ts';
import { openOutbox } from '../../shared/agent/outbox.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { runCommit } from './commit-run.ts';
import { LaneDesk } from './lane-desk.ts';
import { keepLanesOpen } from './lane-opener.ts';

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

/** Works until the signal aborts. Errors: `state-locked`, `refused` when the swarm will not have this agent. */
export async function runCommitter(options: CommitterOptions, drain: AbortSignal): Promise<void> {
  const { stateDir, log, randomId, lanes } = options;
  const lock = await acquireStateLock(stateDir, { randomId });
  const over = new AbortController();
  let opening: Promise<void> | undefined;
  try {
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    const desk = new LaneDesk(stateDir);
    opening = keepLanesOpen(options, desk, AbortSignal.any([drain, over.signal]));
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
        perform: (held) =>
          held.grant.kind === 'commit'
            ? runCommit({ ...options, desk }, held, held.grant)
            : Promise.resolve(undefined),
      },
      drain,
    );
  } finally {
    over.abort();
    await opening;
    await lock.release();
  }
}
