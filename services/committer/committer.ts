/**
 * The committer: claims submissions as a worker claims tasks and turns each into one clean commit in its lane,
 * and keeps the lanes that it serves open. Restarts by the same rule as a worker: the state directory's lock, the
 * outbox, a new incarnation; what a killed predecessor left lying about is swept first.
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
import type { CommitOptions } from './commit-steps.ts';
import { LaneBook } from './lane-book.ts';
import { LaneDesk } from './lane-desk.ts';
import { keepLanesOpen } from './lane-opener.ts';
import { promptedBus } from './prompted-bus.ts';
import { sweep } from './sweep.ts';

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
  /** See `CommitOptions`. */
  readonly onStep?: CommitOptions['onStep'] | undefined;
}

/** Works until the signal aborts. Errors: `state-locked`, `refused` when the swarm will not have this agent. */
export async function runCommitter(options: CommitterOptions, drain: AbortSignal): Promise<void> {
  const { stateDir, log, randomId, clock } = options;
  const lock = await acquireStateLock(stateDir, { randomId });
  const over = new AbortController();
  let opening: Promise<void> | undefined;
  try {
    await sweep(stateDir, log);
    const outbox = await openOutbox(join(stateDir, 'outbox'), log);
    const desk = new LaneDesk(stateDir);
    const book = new LaneBook(clock);
    const { bus, prompt } = promptedBus(options.swarm);
    book.onChange(prompt);
    opening = keepLanesOpen({ ...options, desk, book }, AbortSignal.any([drain, over.signal]));
    await runClaimLoop(
      {
        ...options,
        swarm: bus,
        role: 'committer',
        work: 'commit',
        lock,
        outbox,
        capabilities: {
          profile: 'committer',
          harness: 'git',
          os: options.os,
          // Asked for with each claim that goes out.
          get lanes() {
            return book.open();
          },
        },
        perform: (held) =>
          held.grant.kind === 'commit'
            ? runCommit({ ...options, desk, book }, held, held.grant)
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
