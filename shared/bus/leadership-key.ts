/**
 * The key of one role on the bus: looking at it and writing it by compare-and-swap. Makes the LEADERS stream where
 * it is missing; knows nothing of leases.
 */
import type { Clock } from '../clock.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import { encodeMark, type LeaderRole, leaderSubject, readStanding, type Standing } from './leadership.ts';
import type { Bus, Streams } from './port.ts';
import { leadersSpec } from './topology.ts';

/** What an election needs of a connection. */
export type Connection = Pick<Bus, 'isConnected' | 'onStatus'>;
export type ElectionBus = Connection &
  Pick<Bus, 'append'> & { readonly streams: Pick<Streams, 'get' | 'ensure'> };

export interface LeaderKeyOptions {
  readonly core: ElectionBus;
  readonly project: string;
  readonly role: LeaderRole;
  /** Unique to this process. */
  readonly identity: string;
  readonly clock: Clock;
}

export interface LeaderKey {
  /** What stands there. Errors: `bus-timeout` and others of the bus; the signal's reason. */
  look(timeoutMs: number, signal?: AbortSignal): Promise<Standing>;
  /**
   * Writes that this process holds the role, or has given it up, where `revision` still stands; gives the new
   * revision. Errors: those of `Bus.append`.
   */
  write(revision: number, mark: { everyMs: number; released: boolean }, timeoutMs: number): Promise<number>;
}

export function openLeaderKey({ core, project, role, identity, clock }: LeaderKeyOptions): LeaderKey {
  const spec = leadersSpec(project);
  const subject = leaderSubject(project, role);
  const get = () => core.streams.get(spec.name, { lastBySubject: subject });

  async function find(): Promise<Standing> {
    try {
      return readStanding(await get());
    } catch (error) {
      if (!isWaggleError(error, 'stream-missing')) throw error;
      await core.streams.ensure(spec);
      return readStanding(await get());
    }
  }

  return {
    look: (timeoutMs, signal) => within(find(), `look at ${subject}`, timeoutMs, clock, signal),
    async write(revision, mark, timeoutMs) {
      const { payload, headers } = encodeMark({ holder: identity, at: clock.now(), ...mark });
      // No message id: a copy that the server drops as a duplicate would look like a write of now.
      const expected = { expectLastSubjectSeq: revision, headers, timeoutMs };
      return (await core.append(subject, payload, expected)).seq;
    },
  };
}

/** `work`, unless the time or the signal is faster: then its end is of no interest any more. */
async function within<T>(
  work: Promise<T>,
  what: string,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<T> {
  const over = new AbortController();
  const abort = () => over.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  const late = clock.sleep(timeoutMs, over.signal).then(
    () => {
      throw new WaggleError('bus-timeout', { what, timeoutMs });
    },
    () => {
      throw over.signal.reason;
    },
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    signal?.removeEventListener('abort', abort);
    over.abort(DONE);
  }
}

/** A reason of its own, because without one each look makes an error, with a stack. */
const DONE = 'done';
