/**
 * Reads BEAT without an end, from its first message on. The stream lives in memory and is gone after a restart of the
 * bus: then it is made anew and read from the start, which is told, because its sequences begin anew too.
 */
import type { Beat } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Bus, Stored } from '../../shared/bus/port.ts';
import { senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames, topology } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf, WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { StoredBeat } from './track.ts';

export interface BeatReaderOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 250;

/** Calls `onBeat` with each beat and `onAnew` before each reading from the start, until the signal aborts. */
export async function readBeats(
  options: BeatReaderOptions,
  hearing: { readonly onBeat: (agent: string, beat: StoredBeat) => void; readonly onAnew: () => void },
  signal: AbortSignal,
): Promise<void> {
  const { swarm, project, log } = options;
  const stream = streamNames(project).beat;
  while (!signal.aborted) {
    hearing.onAnew();
    try {
      for await (const stored of swarm.streams.read(stream, { fromSeq: 1 }, signal)) {
        const known = beatOf(stored);
        if (known !== undefined) hearing.onBeat(known.agent, known.stored);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.info({ reason: messageOf(error) }, 'reading beats begins anew');
      if (!isWaggleError(error, 'stream-changed')) await mend(options, error, signal);
    }
  }
}

/** The last beat of an agent as it stands now; undefined when there is none. Errors: the bus's. */
export async function lastBeat(
  { swarm, project }: BeatReaderOptions,
  agent: string,
): Promise<StoredBeat | undefined> {
  const lastBySubject = subjectsOf(project).beat(agent);
  const stored = await swarm.streams.get(streamNames(project).beat, { lastBySubject });
  return stored?.subject === lastBySubject ? beatOf(stored)?.stored : undefined;
}

/** What is no valid beat counts as absent. */
function beatOf(stored: Stored): { agent: string; stored: StoredBeat } | undefined {
  const agent = senderOf(stored.subject);
  const decoded = tryDecode('Beat', stored);
  if (agent === undefined || !decoded.ok) return undefined;
  const beat: Beat = decoded.value;
  return { agent, stored: { seq: stored.seq, storedAt: stored.at, beat } };
}

/** Makes a missing BEAT. Whatever else is wrong, the bus may get over it; a closed one and a missing right do not. */
async function mend(
  { swarm, project, clock, log }: BeatReaderOptions,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const isClosed = isWaggleError(error, 'bus-closed') && error.details['reason'] === 'closed';
  if (isClosed || isWaggleError(error, 'bus-forbidden')) throw error;
  const name = streamNames(project).beat;
  const spec = topology(project).swarm.find((one) => one.name === name);
  if (spec === undefined) throw new WaggleError('stream-missing', { stream: name });
  try {
    await swarm.streams.ensure(spec);
  } catch (cause) {
    log.debug({ reason: messageOf(cause) }, 'BEAT cannot be ensured yet');
  }
  await clock.sleep(RETRY_MS, signal).catch(() => undefined);
}
