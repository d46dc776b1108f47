/**
 * Last heartbeats and presences out of BEAT, which is in memory: after a restart of the bus it is gone until it is made
 * anew, and then empty, which is the same to a reader. A stored message that is no valid beat counts as absent.
 */
import type { Beat, Presence, ReadAnswerOf } from '../../schemas/index.ts';
import { tryDecode } from '../../shared/bus/codec.ts';
import type { Stored, Streams } from '../../shared/bus/port.ts';
import { senderOf, subjectsOf } from '../../shared/bus/subjects.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { newestStored } from './newest-stored.ts';

const BEATS = 1_000;
const PRESENCES = 2_000;
/** Of one; a longer one counts as absent. */
const SIGN_BYTES = 16_384;
/** Of all that is looked at. */
const SIGNS_BYTES = 16 * 1024 * 1024;

/** One agent's last message of a kind, and the server's time of it. */
export interface Sign<T> {
  readonly agent: string;
  readonly at: number;
  readonly value: T;
}

/** Errors: those of the port. */
export async function readBeats(
  streams: Streams,
  project: string,
  clock: Clock,
): Promise<ReadAnswerOf<'beats'>> {
  const now = clock.now();
  const beats = (await lastBeats(streams, project)).map(({ agent, at, value }) => ({
    agent,
    age_ms: Math.max(0, Math.round(now - at)),
    beat: value,
  }));
  return { v: 1, kind: 'beats', beats };
}

/** The newest of them. Errors: those of the port. */
export const lastBeats = (streams: Streams, project: string): Promise<Sign<Beat>[]> =>
  signs(streams, project, subjectsOf(project).beat('*'), 'Beat', BEATS);

/** The newest of them. Errors: those of the port. */
export const lastPresences = (streams: Streams, project: string): Promise<Sign<Presence>[]> =>
  signs(streams, project, subjectsOf(project).presence('*'), 'Presence', PRESENCES);

interface Signs {
  readonly Beat: Beat;
  readonly Presence: Presence;
}

async function signs<N extends keyof Signs>(
  streams: Streams,
  project: string,
  subject: string,
  name: N,
  count: number,
): Promise<Sign<Signs[N]>[]> {
  const bytesOf = ({ payload: { byteLength } }: Stored) => (byteLength > SIGN_BYTES ? undefined : byteLength);
  const query = { count, maxBytes: SIGNS_BYTES, bytesOf };
  const { messages } = await newestStored(streams, streamNames(project).beat, subject, query).catch(noneYet);
  return messages.flatMap((stored) => {
    const agent = senderOf(stored.subject);
    if (agent === undefined) return [];
    const decoded = tryDecode(name, stored);
    return decoded.ok ? [{ agent, at: stored.at, value: decoded.value }] : [];
  });
}

function noneYet(error: unknown): { messages: readonly Stored[] } {
  if (isWaggleError(error, 'stream-missing')) return { messages: [] };
  throw error;
}
