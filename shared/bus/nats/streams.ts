/**
 * Streams: configuring and reading streams over the JetStream API. Never purges, never deletes.
 *
 * `get` asks the stream itself, not a mirror or follower as a direct get may: whoever looks after an append with
 * an unknown end must see it.
 */
import type { Clock } from '../../clock.ts';
import { isWaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Stored, StreamInfo, StreamSpec, Streams } from '../port.ts';
import { ApiCode, isRefusal } from './api.ts';
import { parseHeaders } from './message.ts';
import { readPage } from './page.ts';
import type { PullContext } from './pull-consumer.ts';
import { readStream } from './read.ts';
import { configOf, driftOf, type StreamConfig } from './stream-config.ts';

interface ServerStream {
  readonly created: string;
  readonly config: StreamConfig;
  readonly state: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly messages: number;
    readonly bytes: number;
  };
}

interface ServerMessage {
  readonly message: {
    readonly subject: string;
    readonly seq: number;
    readonly hdrs?: string;
    readonly data?: string;
    readonly time: string;
  };
}

const ENSURE_TRIES = 3;

export function createStreams(context: PullContext & { readonly clock: Clock; readonly log: Log }): Streams {
  const { api } = context;

  async function find(name: string, signal?: AbortSignal): Promise<ServerStream> {
    return await api.call<ServerStream>(`STREAM.INFO.${name}`, undefined, signal);
  }

  async function mustInfo(name: string, signal?: AbortSignal): Promise<StreamInfo> {
    const { created, state } = await find(name, signal);
    const { first_seq: firstSeq, last_seq: lastSeq, messages, bytes } = state;
    return { name, created, firstSeq, lastSeq, messages, bytes };
  }

  async function ensure(spec: StreamSpec): Promise<'created' | 'updated' | 'unchanged'> {
    for (let tries = 1; ; tries += 1) {
      const standing = await orUndefined(find(spec.name));
      if (standing !== undefined) {
        const drift = driftOf(spec, standing.config);
        if (drift === undefined) return 'unchanged';
        await api.call(`STREAM.UPDATE.${spec.name}`, drift);
        return 'updated';
      }
      try {
        await api.call(`STREAM.CREATE.${spec.name}`, configOf(spec));
        return 'created';
      } catch (error) {
        // Another was faster, with other settings (with the same ones the server agrees): look again.
        if (!isRefusal(error, ApiCode.streamExists) || tries >= ENSURE_TRIES) throw error;
      }
    }
  }

  async function get(
    stream: string,
    query: { seq: number } | { lastBySubject: string },
  ): Promise<Stored | undefined> {
    if ('seq' in query && query.seq < 1) return undefined;
    const body = 'seq' in query ? { seq: query.seq } : { last_by_subj: query.lastBySubject };
    try {
      const { message } = await api.call<ServerMessage>(`STREAM.MSG.GET.${stream}`, body);
      return {
        stream,
        seq: message.seq,
        subject: message.subject,
        payload: Buffer.from(message.data ?? '', 'base64'),
        headers: parseHeaders(message.hdrs),
        at: Date.parse(message.time),
      };
    } catch (error) {
      if (isRefusal(error, ApiCode.noMessage)) return undefined;
      throw error;
    }
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

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isWaggleError(error, 'stream-missing')) return undefined;
    throw error;
  }
}
