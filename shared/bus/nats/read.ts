/**
 * Read: a stream from a sequence on, without an end. A loop over pull consumers: whenever one is lost (reconnect,
 * restart, a gap, silence) the next one starts behind the last message that was yielded.
 *
 * 1. Each stored message once and in order: what lies before `next` is dropped, a gap starts over at `next`.
 * 2. The stream is the one it was: re-created or cut behind `next - 1`, reading on would silently skip what is
 *    stored under old sequences. That is `stream-changed`, and the caller decides.
 * 3. No more is fetched than the reader takes: one batch in the queue, one on its way.
 */
import type { Clock } from '../../clock.ts';
import { isWaggleError, WaggleError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Stored, StreamInfo } from '../port.ts';
import { HEARTBEAT_MS, INACTIVE_MS, PullConsumer, type PullContext } from './pull-consumer.ts';

const BATCH = 512;
const LOW_WATER = 256;
const SILENT_MS = 3 * HEARTBEAT_MS;
const RETRY_MS = 100;

export interface ReadContext extends PullContext {
  readonly log: Log;
  readonly clock: Clock;
  /** Throws `stream-missing`. */
  readonly info: (stream: string, signal: AbortSignal) => Promise<StreamInfo>;
}

interface Progress {
  next: number;
  created: string | undefined;
}

/** Errors: `stream-missing`, `stream-changed`, `bus-forbidden`, `bus-refused`, `bus-closed` once it is for good. */
export async function* readStream(
  context: ReadContext,
  stream: string,
  options: { fromSeq: number; subject?: string },
  signal: AbortSignal,
): AsyncGenerator<Stored, void, void> {
  const { link, clock, log } = context;
  const progress: Progress = { next: Math.max(1, options.fromSeq), created: undefined };
  while (!signal.aborted) {
    let consumer: PullConsumer | undefined;
    const abort = (): void => {
      consumer?.arrivals.clear();
      consumer?.arrivals.end();
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      await link.connected(signal);
      const query = { stream, fromSeq: progress.next, subject: options.subject };
      consumer = await PullConsumer.open(context, query, signal);
      consumer.pull(BATCH);
      verify(stream, progress, await context.info(stream, signal));
      yield* drain(context, consumer, progress, signal);
      log.debug({ stream, next: progress.next }, 'the cursor ended; opening another');
    } catch (error) {
      if (signal.aborted) return;
      if (link.isClosed || !isPassing(error)) throw error;
      log.warn({ stream, next: progress.next, err: error }, 'reading pauses');
      await pause(clock, signal);
    } finally {
      signal.removeEventListener('abort', abort);
      consumer?.close();
    }
  }
}

async function* drain(
  context: ReadContext,
  consumer: PullConsumer,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Stored, void, void> {
  const { clock } = context;
  const { arrivals } = consumer;
  let heardAt = clock.monotonic();
  while (!signal.aborted) {
    if (!consumer.isPulling && arrivals.size <= LOW_WATER && !arrivals.ended) {
      // The reader paused for so long that the server may have forgotten the cursor.
      if (clock.monotonic() - heardAt > INACTIVE_MS / 2) return;
      consumer.pull(BATCH);
    }
    const arrival = arrivals.shift();
    if (arrival === undefined) {
      if ((await arrivals.wait(SILENT_MS)) !== 'ready') return;
      heardAt = clock.monotonic();
    } else if (arrival.kind === 'stored') {
      const { stored } = arrival;
      if (stored.seq < progress.next) continue;
      progress.next = stored.seq + 1;
      yield stored;
    } else if (arrival.kind === 'lost' || (arrival.kind === 'end' && arrival.why === 'gone')) {
      return;
    }
  }
}

function verify(stream: string, progress: Progress, info: StreamInfo): void {
  if (progress.created === undefined) {
    progress.created = info.created;
    return;
  }
  if (progress.created !== info.created)
    throw new WaggleError('stream-changed', { stream, how: 'it was created anew' });
  if (info.lastSeq < progress.next - 1) {
    const how = `it ends at ${info.lastSeq}, and ${progress.next - 1} was read`;
    throw new WaggleError('stream-changed', { stream, how });
  }
}

/** What a reconnect or a server that is starting mends. */
function isPassing(error: unknown): boolean {
  if (isWaggleError(error, 'bus-timeout') || isWaggleError(error, 'bus-closed')) return true;
  return isWaggleError(error, 'bus-refused') && error.details['status'] === 503;
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(RETRY_MS, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
