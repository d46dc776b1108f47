/**
 * A worker's loop over what stands ready on its machine: claims, and lives through one harness after another.
 */
import type { Capabilities } from '../../schemas/index.ts';
import { type ClaimLoopOptions, runClaimLoop } from '../../shared/agent/claim-loop.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { DiskCheck } from './disk-check.ts';
import { liveThrough } from './harness-life.ts';
import type { Offers } from './offers.ts';
import type { RunOptions } from './run-context.ts';
import type { RunHands } from './run-hands.ts';
import type { Ended, Shift } from './shift.ts';
import { wordOrders } from './worker-words.ts';

export interface WorkerLoopOptions
  extends Pick<
    ClaimLoopOptions,
    'lock' | 'outbox' | 'files' | 'pid' | 'version' | 'drainMs' | 'idleStop' | 'goesOn'
  > {
  readonly runs: RunOptions;
  readonly hands: RunHands;
  readonly disk: Pick<DiskCheck, 'restMs'>;
  /** The pool whose strategy chooses among the profiles; absent: the order does. */
  readonly pool?: string;
  readonly labels?: readonly string[];
  readonly os: Capabilities['os'];
}

/**
 * Works until the signal aborts, a control message or a stop rule says to leave, or there is nothing to do. Errors:
 * `usage` without a profile; `incarnation-ended`, `refused` when the swarm will not have this agent.
 */
export async function workInTurn(options: WorkerLoopOptions, drain: AbortSignal): Promise<void> {
  const { runs, hands, disk } = options;
  const { swarm, project, agent, offers, words, clock, log } = runs;
  let shift: Shift | undefined;
  await runClaimLoop(
    {
      ...options,
      swarm,
      project,
      agent,
      clock,
      log,
      role: 'worker',
      work: 'task',
      capabilities: capabilitiesOf(options),
      restMs: async () => Math.max(offers.restMs(), await disk.restMs()),
      words: wordOrders(words, () => shift),
      async perform(held, desk, more, over) {
        if (held.grant.kind !== 'work') return undefined;
        const ended = await liveThrough({
          options: runs,
          hands,
          held,
          grant: held.grant,
          desk,
          more,
          over,
          onShift: (begun) => {
            shift = begun;
          },
        });
        if (ended !== undefined) weigh(offers, ended, log);
        return undefined;
      },
    },
    drain,
  );
}

function weigh(offers: Offers, { run, outcome, hasStarted }: Ended, log: Log): void {
  if (hasStarted) {
    offers.worked(run.profile);
  } else if (outcome === 'env_failed') {
    const ms = offers.failed(run.profile);
    log.warn(
      { profile: run.profile, ms },
      'the harness does not start here; its profile rests on this worker',
    );
  }
}

/** Offers are told where there is a choice: an older orchestrator knows no others than one profile. */
function capabilitiesOf({ pool, labels = [], os, runs }: WorkerLoopOptions): Capabilities {
  const { profiles, offers } = runs;
  const [first] = profiles;
  if (first === undefined) throw new WaggleError('usage', { message: 'a worker needs a profile' });
  const [profile, { harness }] = first;
  const common = { profile, harness, os, labels: [...labels] };
  if (pool === undefined && profiles.size === 1) return common;
  return {
    ...common,
    ...(pool === undefined ? {} : { pool }),
    // Asked for with each claim that goes out.
    get offers() {
      return offers.list();
    },
  };
}
