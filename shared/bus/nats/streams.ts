/**
 * Streams: configuring, reading and trimming streams with the JetStream library. Never deletes a stream.
 *
 * `get` asks the stream itself, not a mirror or follower as a direct get may: whoever looks after an append with
 * an unknown end must see it.
 */
import type { MsgRequest, NextMsgRequest, PurgeOpts, StreamInfo as ServerStream } from '@nats-io/jetstream';
import type { Clock } from '../../clock.ts';
import { isWaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { MessageQuery, Stored, StreamInfo, StreamSpec, Streams } from '../port.ts';
import type { Call } from './jetstream.ts';
import { decodeHeaders } from './message.ts';
import { readPage } from './page.ts';
import type { PullContext } from './pull-consumer.ts';
import { readStream } from './read.ts';
import { configOf, driftOf } from './stream-config.ts';
import { YoungStreams } from './young-streams.ts';

const STREAM_EXISTS = 10_058;
/** What a server says of a sequence where nothing stands; the second is also its word for any other failure. */
const NO_SUCH_SEQUENCE: readonly unknown[] = [10_043, 10_057];
const ENSURE_TRIES = 3;

export function createStreams(context: PullContext & { readonly clock: Clock; readonly log: Log }): Streams {
  const { jetStream } = context;
  const young = new YoungStreams(context.link, context.clock);

  async function find(name: string, signal?: AbortSignal): Promise<ServerStream> {
    try {
      return await young.born(() => jetStream.ask('info', name, ({ streams }) => streams.info(name), signal));
    } catch (error) {
      if (isWaggleError(error, 'stream-missing')) young.isGone(name);
      throw error;
    }
  }

  /** For what a stream must not be asked while it is being created. */
  async function askWhole<T>(verb: string, stream: string, call: Call<T>): Promise<T> {
    await young.settle(stream, async () => (await find(stream)).created);
    try {
      return await jetStream.ask(verb, stream, call);
    } catch (error) {
      if (isWaggleError(error, 'stream-missing')) young.isGone(stream);
      throw error;
    }
  }

  async function mustInfo(name: string, signal?: AbortSignal): Promise<StreamInfo> {
    const { created, state } = await find(name, signal);
    const { first_seq: firstSeq, last_seq: lastSeq, messages, bytes } = state;
    return { name, created, firstSeq, lastSeq, messages, bytes };
  }

  async function ensure(spec: StreamSpec): Promise<'created' | 'updated' | 'unchanged'> {
    const { name } = spec;
    for (let tries = 1; ; tries += 1) {
      const standing = await orUndefined(find(name));
      if (standing !== undefined) {
        const drift = driftOf(spec, standing.config);
        if (drift === undefined) return 'unchanged';
        await askWhole('update', name, ({ streams }) => streams.update(name, drift));
        return 'updated';
      }
      try {
        await jetStream.ask('creation', name, ({ streams }) => streams.add(configOf(spec)));
        young.isWhole(name);
        return 'created';
      } catch (error) {
        // Another was faster, with other settings (with the same ones the server agrees): look again.
        if (!isStreamExists(error) || tries >= ENSURE_TRIES) throw error;
      }
    }
  }

  async function get(stream: string, query: MessageQuery): Promise<Stored | undefined> {
    if ('seq' in query && query.seq < 1) return undefined;
    const request = requestOf(query);
    const found = await askWhole('message', stream, ({ streams }) => streams.getMessage(stream, request));
    if (found === null) return undefined;
    const { seq, subject, data: payload, header, time } = found;
    return { stream, seq, subject, payload, headers: decodeHeaders(header), at: time.getTime() };
  }

  async function purge(stream: string, what: { before: number } | { subject: string }): Promise<number> {
    if ('subject' in what) {
      // A server takes an empty filter for none, and removes everything.
      if (what.subject === '') return 0;
      return await purgeBy(stream, { filter: what.subject });
    }
    // Some servers remove everything when asked to remove what stands below 0 or 1, and one calls "nothing there"
    // an error: what has nothing to remove is not sent.
    const { firstSeq } = await mustInfo(stream);
    return what.before <= Math.max(1, firstSeq) ? 0 : await purgeBy(stream, { seq: what.before });
  }

  async function purgeBy(stream: string, options: PurgeOpts): Promise<number> {
    const { purged } = await jetStream.ask('purge', stream, ({ streams }) => streams.purge(stream, options));
    return purged;
  }

  async function remove(stream: string, seq: number): Promise<boolean> {
    if (seq < 1) return false;
    try {
      return await askWhole('removal', stream, ({ streams }) => streams.deleteMessage(stream, seq, false));
    } catch (error) {
      const isMissing =
        isWaggleError(error, 'bus-refused') && NO_SUCH_SEQUENCE.includes(error.details['code']);
      if (isMissing && (await get(stream, { seq })) === undefined) return false;
      throw error;
    }
  }

  async function names(prefix: string): Promise<string[]> {
    const all = await jetStream.ask('names', `${prefix}*`, async ({ streams }) => {
      const found: string[] = [];
      for await (const name of streams.names()) found.push(name);
      return found;
    });
    return all.filter((name) => name.startsWith(prefix)).sort();
  }

  async function subjects(stream: string, pattern: string): Promise<Map<string, number>> {
    const options = { subjects_filter: pattern, deleted_details: false, offset: 0 };
    const { state } = await jetStream.ask('subjects', stream, ({ streams }) => streams.info(stream, options));
    return new Map(Object.entries(state.subjects ?? {}));
  }

  return {
    ensure,
    get,
    subjects,
    purge,
    remove,
    names,
    info: (name) => orUndefined(mustInfo(name)),
    page: async (stream, options) =>
      await readPage({ ...context, get }, stream, options, (await mustInfo(stream)).lastSeq),
    read: (stream, options, signal) => readStream({ ...context, info: mustInfo }, stream, options, signal),
  };
}

/** The library's type knows only two of the server's three questions. */
function requestOf(query: MessageQuery): MsgRequest {
  if ('seq' in query) return query;
  if ('lastBySubject' in query) return { last_by_subj: query.lastBySubject };
  const next: NextMsgRequest = { next_by_subj: query.nextBySubject, seq: Math.max(1, query.fromSeq) };
  return next as MsgRequest;
}

function isStreamExists(error: unknown): boolean {
  return isWaggleError(error, 'bus-refused') && error.details['code'] === STREAM_EXISTS;
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isWaggleError(error, 'stream-missing')) return undefined;
    throw error;
  }
}
