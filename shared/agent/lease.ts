/**
 * The project's lease as an agent knows it: what the leader said last. Each grant says it anew, so that an agent that
 * started before the project was configured does not beat too seldom for ever.
 */
import { createBoardClient } from '../bus/board-client.ts';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

const RETRY_MS = 1_000;

export class Lease {
  #ms: number;
  #changed = new AbortController();

  constructor(ms: number) {
    this.#ms = ms;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Aborts with the next change. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  become(ms: number): void {
    if (ms === this.#ms) return;
    this.#ms = ms;
    const before = this.#changed;
    this.#changed = new AbortController();
    before.abort();
  }
}

export interface LearnLeaseOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Asks for the project's lease until somebody answers; a grant that comes first says it, too. */
export async function learnLease(
  { swarm, project, agent, clock, log }: LearnLeaseOptions,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: lease.ms });
  while (!signal.aborted) {
    try {
      const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
      lease.become(status.config.policies.lease_ms);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ reason: messageOf(error) }, 'no leader answers yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}
