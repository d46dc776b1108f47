/**
 * Page: a finite part of a stream, oldest first, over a pull consumer that goes away with it.
 *
 * `scannedTo` is sound: the stream's end is asked before the cursor is opened, and the cursor counts what matches
 * from then on. Fewer than the limit means that all which matched was taken.
 */
import { WaggleError } from '../../errors.ts';
import type { PageOptions, Stored } from '../port.ts';
import { PullConsumer, type PullContext } from './pull-consumer.ts';

const SILENT_MS = 5_000;

export interface Page {
  readonly messages: Stored[];
  readonly scannedTo: number;
  readonly lastSeq: number;
}

/** `lastSeq` is the stream's, asked before. Errors: those of `JetStream.ask`, `bus-timeout`, `bus-closed`. */
export async function readPage(
  context: PullContext,
  stream: string,
  options: PageOptions,
  lastSeq: number,
): Promise<Page> {
  const fromSeq = Math.max(1, options.fromSeq);
  if (options.limit < 1) return { messages: [], scannedTo: fromSeq - 1, lastSeq };
  if (fromSeq > lastSeq) return { messages: [], scannedTo: fromSeq - 1, lastSeq };
  const consumer = await PullConsumer.open(context, { stream, fromSeq, subject: options.subject });
  try {
    const wanted = Math.min(options.limit, consumer.pending);
    const messages = await take(context, consumer, wanted, stream);
    const lastTaken = messages.at(-1)?.seq ?? 0;
    const isWhole = messages.length < wanted || wanted === consumer.pending;
    return {
      messages,
      scannedTo: isWhole ? Math.max(lastSeq, lastTaken) : lastTaken,
      lastSeq: Math.max(lastSeq, lastTaken),
    };
  } finally {
    consumer.close();
  }
}

async function take(
  context: PullContext,
  consumer: PullConsumer,
  wanted: number,
  stream: string,
): Promise<Stored[]> {
  const { arrivals } = consumer;
  const messages: Stored[] = [];
  while (messages.length < wanted) {
    if (!consumer.isPulling && arrivals.size === 0) consumer.pull(wanted - messages.length, { noWait: true });
    const arrival = arrivals.shift();
    if (arrival === undefined) {
      const result = await arrivals.wait(SILENT_MS);
      if (result === 'silent') throw unknownEnd(stream);
      if (result === 'ended') throw arrivals.error ?? context.link.closedError(true);
    } else if (arrival.kind === 'stored') {
      messages.push(arrival.stored);
    } else if (arrival.kind === 'lost' || (arrival.kind === 'end' && arrival.why === 'gone')) {
      throw unknownEnd(stream);
    } else if (arrival.kind === 'end' && arrival.why === 'empty') {
      // What matched when the cursor was opened may have gone since: then fewer come.
      break;
    }
  }
  return messages;
}

/** The cursor went away under the reader: asking again helps. */
function unknownEnd(stream: string): WaggleError {
  return new WaggleError('bus-timeout', { what: `page of ${stream}`, timeoutMs: SILENT_MS });
}
