/**
 * What refutes a report of a takeover before it is decided: a beat of the owner's that was stored after the report. The
 * leader's own hearing is not enough for that. Where the network held its messages back for a while, without a break of the
 * connection that it could notice, the old report arrives before the beats that came after it.
 *
 * Times of storing are the server's, and its clock may be set back: then the last beat of the dead is later than what is said
 * of them now. A beat that has been its owner's newest for a whole lease of the leader's own time refutes nothing any more.
 */
import type { ReportOf } from '../../schemas/index.ts';
import { isTransient } from '../../shared/bus/board-client.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';

const RETRY_MS = 250;
/** Ages are told by clocks of several machines, and a while after they were taken. */
const MARGIN_MS = 1_000;

export interface LaterBeatOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly clock: Clock;
  /** Who holds the grant of that fence; undefined: nobody does. */
  readonly ownerOf: (task: string, fence: number) => string | undefined;
  readonly leaseMs: () => number;
}

/** A beat that refuted something, and since when the leader knows it, by its monotonic clock. */
interface Known {
  readonly seq: number;
  readonly since: number;
}

/** Of more owners than this the longest known are forgotten. */
const KEPT = 1_000;

export class LaterBeats {
  readonly #options: LaterBeatOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: LaterBeatOptions) {
    this.#options = options;
  }

  /**
   * Why the report, stored at that time of the server's, is not true any more; undefined where nothing refutes it. Waits
   * while the bus is away. Errors: the port's, the signal's reason.
   */
  async refutation(
    { task, fence, reason, silent_ms }: ReportOf<'takeover'>,
    storedAt: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const owner = this.#options.ownerOf(task, fence);
    if (owner === undefined) return undefined;
    const stored = await newestBeat(this.#options, owner, signal);
    if (stored === undefined || stored.at <= storedAt) return undefined;
    const decoded = tryDecode('Beat', stored);
    const held = decoded.ok ? decoded.value.grants.find((grant) => grant.fence === fence) : undefined;
    if (held === undefined) return undefined;
    if (reason === 'dead')
      return this.#isOld(owner, stored.seq) ? undefined : `${owner} listed it after that was said`;
    const quietMs = held.output_age_ms;
    const isMoving = quietMs !== undefined && stored.at - quietMs > storedAt - silent_ms + MARGIN_MS;
    return isMoving ? `${owner} made progress since the time that this tells of` : undefined;
  }

  /** Whether that beat has been the owner's newest for a lease. */
  #isOld(owner: string, seq: number): boolean {
    const { clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    const known = this.#known.get(owner);
    if (known?.seq === seq) return now - known.since >= leaseMs();
    this.#known.delete(owner);
    this.#known.set(owner, { seq, since: now });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
    return false;
  }
}

async function newestBeat({ swarm, project, clock }: LaterBeatOptions, owner: string, signal: AbortSignal) {
  for (;;) {
    signal.throwIfAborted();
    try {
      const lastBySubject = subjectsOf(project).beat(owner);
      return await swarm.streams.get(streamNames(project).beat, { lastBySubject });
    } catch (error) {
      // It is in memory, and made anew after a restart of the bus.
      if (isWaggleError(error, 'stream-missing')) return undefined;
      if (!isWaggleError(error) || !isTransient(error)) throw error;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
