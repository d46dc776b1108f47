/**
 * Page: a finite part of a stream, oldest first, over a pull consumer that goes away with it.
 *
 * `scannedTo` is sound: the stream's end is asked before the cursor is opened, and the cursor counts what matches
 * from then on. Fewer than the limit means that all which matched was taken.
 *
 * A nats-server before 2.10 miscounts where several subjects match, and goes by its count when it is not to wait. There
 * the last match is asked for before the cursor is opened, and counts decide nothing.
 */
import { WaggleError } from '../../errors.ts';
import type { MessageQuery, Page, PageOptions, Stored } from '../port.ts';
import { PullConsumer, type PullContext } from './pull-consumer.ts';

const SILENT_MS = 5_000;
/** Of a page with a bound of bytes. */
const FIRST_BATCH = 64;

export interface PageContext extends PullContext {
  readonly get: (stream: string, query: MessageQuery) => Promise<Stored | undefined>;
}

/** `lastSeq` is the stream's, asked before. Errors: those of `JetStream.ask`, `bus-timeout`, `bus-closed`. */
export async function readPage(
  context: PageContext,
  stream: string,
  options: PageOptions,
  lastSeq: number,
): Promise<Page> {
  const fromSeq = Math.max(1, options.fromSeq);
  if (fromSeq > lastSeq) return { messages: [], scannedTo: fromSeq - 1, lastSeq, pending: 0 };
  const { subject } = options;
  const isMiscounted = /^2\.\d\./.test(context.link.server.version) && /[*>]/.test(subject ?? '');
  const lastMatch =
    subject !== undefined && isMiscounted
      ? ((await context.get(stream, { lastBySubject: subject }))?.seq ?? 0)
      : undefined;
  if (lastMatch !== undefined && lastMatch < fromSeq)
    return { messages: [], scannedTo: lastSeq, lastSeq, pending: 0 };
  const consumer = await PullConsumer.open(context, { stream, fromSeq, subject });
  try {
    const taken = await take(context, consumer, stream, { ...options, lastMatch });
    const lastTaken = taken.messages.at(-1)?.seq;
    const isWhole = taken.isWhole ?? (await isNothingBehind(context, stream, options, lastTaken));
    const { messages } = taken;
    return {
      messages,
      scannedTo: isWhole ? Math.max(lastSeq, lastTaken ?? 0) : (lastTaken ?? fromSeq - 1),
      lastSeq: Math.max(lastSeq, lastTaken ?? 0),
      pending: isWhole ? 0 : Math.max(1, consumer.pending - messages.length),
    };
  } finally {
    consumer.close();
  }
}

async function isNothingBehind(
  { get }: PageContext,
  stream: string,
  { subject = '>', fromSeq }: PageOptions,
  lastTaken: number | undefined,
): Promise<boolean> {
  const query = { nextBySubject: subject, fromSeq: (lastTaken ?? fromSeq - 1) + 1 };
  return (await get(stream, query)) === undefined;
}

interface Taken {
  readonly messages: Stored[];
  /** Whether that is all that matches; undefined: it must be looked for. */
  readonly isWhole: boolean | undefined;
}

/** `lastMatch`: the sequence of the last match, where the consumer's count is not to be trusted. */
async function take(
  context: PullContext,
  consumer: PullConsumer,
  stream: string,
  { limit, maxBytes, lastMatch }: PageOptions & { readonly lastMatch: number | undefined },
): Promise<Taken> {
  const { arrivals } = consumer;
  const messages: Stored[] = [];
  const wanted = Math.max(0, lastMatch === undefined ? Math.min(limit, consumer.pending) : limit);
  let bytes = 0;
  while (messages.length < wanted) {
    if (!consumer.isPulling && arrivals.size === 0) {
      const batch = Math.min(wanted - messages.length, batchFor(messages.length, bytes, maxBytes));
      consumer.pull(batch, { noWait: lastMatch === undefined });
    }
    const arrival = arrivals.shift();
    if (arrival === undefined) {
      const result = await arrivals.wait(SILENT_MS);
      if (result === 'silent') throw unknownEnd(stream);
      if (result === 'ended') throw arrivals.error ?? context.link.closedError(true);
    } else if (arrival.kind === 'stored') {
      bytes += arrival.stored.payload.byteLength;
      if (bytes > (maxBytes ?? bytes) && messages.length > 0) return { messages, isWhole: false };
      messages.push(arrival.stored);
      if (lastMatch !== undefined && arrival.stored.seq >= lastMatch) return { messages, isWhole: true };
    } else if (arrival.kind === 'lost' || (arrival.kind === 'end' && arrival.why === 'gone')) {
      throw unknownEnd(stream);
    } else if (arrival.kind === 'end' && arrival.why === 'empty') {
      // What matched when the cursor was opened may have gone since: then fewer come.
      return { messages, isWhole: lastMatch === undefined ? true : undefined };
    } else if (arrival.kind === 'beat' && lastMatch !== undefined) {
      return { messages, isWhole: undefined };
    }
  }
  return { messages, isWhole: lastMatch === undefined && wanted === consumer.pending };
}

/**
 * How many to ask for where there is a bound of bytes: as many as fit if they are like those before. The server's own
 * bound would do it better, but one before 2.10 falls silent when it is met exactly.
 */
function batchFor(count: number, bytes: number, maxBytes: number | undefined): number {
  if (maxBytes === undefined) return Number.POSITIVE_INFINITY;
  return count === 0 ? FIRST_BATCH : 1 + Math.ceil((maxBytes - bytes) / Math.max(1, bytes / count));
}

/** The cursor went away under the reader: asking again helps. */
function unknownEnd(stream: string): WaggleError {
  return new WaggleError('bus-timeout', { what: `page of ${stream}`, timeoutMs: SILENT_MS });
}
