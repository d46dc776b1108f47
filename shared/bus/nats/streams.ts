/**
 * Streams: configuring and reading streams with the JetStream library. Never purges, never deletes.
 *
 * `get` asks the stream itself, not a mirror or follower as a direct get may: whoever looks after an append with
 * an unknown end must see it.
 */
import type { MsgRequest, StreamInfo as ServerStream } from '@nats-io/jetstream';
import type { Clock } from '../../clock.ts';
import { isWaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Stored, StreamInfo, StreamSpec, Streams } from '../port.ts';
import { decodeHeaders } from './message.ts';
import { readPage } from './page.ts';
import type { PullContext } from './pull-consumer.ts';
import { readStream } from './read.ts';
import { configOf, driftOf } from './stream-config.ts';

const STREAM_EXISTS = 10_058;
const ENSURE_TRIES = 3;

export function createStreams(context: PullContext & { readonly clock: Clock; readonly log: Log }): Streams {
  const { jetStream } = context;

  function find(name: string, signal?: AbortSignal): Promise<ServerStream> {
    return jetStream.ask('info', name, ({ streams }) => streams.info(name), signal);
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
        await jetStream.ask('update', name, ({ streams }) => streams.update(name, drift));
        return 'updated';
      }
      try {
        await jetStream.ask('creation', name, ({ streams }) => streams.add(configOf(spec)));
        return 'created';
      } catch (error) {
        // Another was faster, with other settings (with the same ones the server agrees): look again.
        if (!isStreamExists(error) || tries >= ENSURE_TRIES) throw error;
      }
    }
  }

  async function get(
    stream: string,
    query: { seq: number } | { lastBySubject: string },
  ): Promise<Stored | undefined> {
    if ('seq' in query && query.seq < 1) return undefined;
    const request: MsgRequest = 'seq' in query ? query : { last_by_subj: query.lastBySubject };
    const found = await jetStream.ask('message', stream, ({ streams }) =>
      streams.getMessage(stream, request),
    );
    if (found === null) return undefined;
    const { seq, subject, data: payload, header, time } = found;
    return { stream, seq, subject, payload, headers: decodeHeaders(header), at: time.getTime() };
  }

  return {
    ensure,
    get,
    info: (name) => orUndefined(mustInfo(name)),
    page: async (stream, options) =>
      await readPage(context, stream, options, (await mustInfo(stream)).lastSeq),
    read: (stream, options, signal) => readStream({ ...context, info: mustInfo }, stream, options, signal),
  };
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
