/**
 * What refutes a report of a takeover before it is decided: a beat of the owner's that was stored after the report. The
 * leader's own hearing is not enough for that. Where the network held its messages back for a while, without a break of the
 * connection that it could notice, the old report arrives before the beats that came after it.
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
}

/**
 * Why the report, stored at that time of the server's, is not true any more; undefined where nothing refutes it. Waits
 * while the bus is away. Errors: the port's, the signal's reason.
 */
export async function refutation(
  options: LaterBeatOptions,
  { task, fence, reason, silent_ms }: ReportOf<'takeover'>,
  storedAt: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const owner = options.ownerOf(task, fence);
  if (owner === undefined) return undefined;
  const stored = await newestBeat(options, owner, signal);
  if (stored === undefined || stored.at <= storedAt) return undefined;
  const decoded = tryDecode('Beat', stored);
  const held = decoded.ok ? decoded.value.grants.find((grant) => grant.fence === fence) : undefined;
  if (held === undefined) return undefined;
  if (reason === 'dead') return `${owner} listed it after that was said`;
  const quietMs = held.output_age_ms;
  const isMoving = quietMs !== undefined && stored.at - quietMs > storedAt - silent_ms + MARGIN_MS;
  return isMoving ? `${owner} made progress since the time that this tells of` : undefined;
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
