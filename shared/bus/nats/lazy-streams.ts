/**
 * Streams whose JetStream library is loaded when the first of them is asked for: whoever only sends and asks, as every
 * short command does, starts without it.
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { RandomId } from '../../random.ts';
import type { Streams } from '../port.ts';
import type { Link } from './link.ts';
import type { Requests } from './requests.ts';

export interface StreamsContext {
  readonly link: Link;
  readonly requests: Requests;
  readonly inboxPrefix: string;
  readonly randomId: RandomId;
  readonly log: Log;
  readonly clock: Clock;
}

/** Errors: those of the port. */
export function lazyStreams(context: StreamsContext): Streams {
  let loading: Promise<Streams> | undefined;
  const load = (): Promise<Streams> => (loading ??= loadStreams(context));
  return {
    ensure: async (spec) => (await load()).ensure(spec),
    info: async (name) => (await load()).info(name),
    get: async (stream, query) => (await load()).get(stream, query),
    page: async (stream, options) => (await load()).page(stream, options),
    subjects: async (stream, pattern) => (await load()).subjects(stream, pattern),
    async *read(stream, options, signal) {
      yield* (await load()).read(stream, options, signal);
    },
    purge: async (stream, what) => (await load()).purge(stream, what),
    remove: async (stream, seq) => (await load()).remove(stream, seq),
    names: async (prefix) => (await load()).names(prefix),
  };
}

async function loadStreams({ link, requests, ...rest }: StreamsContext): Promise<Streams> {
  const [{ createJetStream }, { createStreams }] = await Promise.all([
    import('./jetstream.ts'),
    import('./streams.ts'),
  ]);
  return createStreams({ ...rest, link, jetStream: createJetStream(link, requests) });
}
