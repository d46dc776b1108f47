/**
 * The newest messages of a subject, found without reading what lies before or between: the server counts what matches
 * from a sequence on, and by those counts the place is found where to begin to read.
 *
 * 1. How many requests that takes does not depend on how long the stream is nor on how rare the subject is, unless it
 *    came in bursts: then it grows with the logarithm of the stream's length.
 * 2. At most a few times as many messages are read as were asked for, and no more are kept than were asked for and
 *    fit the bound of bytes; the newest is kept whatever its size.
 */
import type { Stored, Streams } from '../../shared/bus/port.ts';

export interface NewestQuery {
  readonly count: number;
  /** Only what stands below this sequence. */
  readonly before?: number;
  /** Of what is kept, as `bytesOf` counts. */
  readonly maxBytes: number;
  /** Undefined: it counts as absent. */
  readonly bytesOf: (stored: Stored) => number | undefined;
}

export interface Newest {
  /** Oldest first. */
  readonly messages: readonly Stored[];
  /** Nothing between this sequence and `before`, or the end, is left out; 0 when all there is is here. */
  readonly above: number;
  /** The stream's last sequence. Nothing up to there was overlooked. */
  readonly last: number;
}

/** A place in the stream, and how many messages match from there to the end that was asked for. */
export interface Edge {
  readonly from: number;
  readonly count: number;
}

/** So many are read in any case rather than looked for. */
const LEAST_WINDOW = 64;
const PAGE = 500;
const PAGE_BYTES = 1_000_000;

/** Errors: those of the port. */
export async function newestStored(
  streams: Streams,
  stream: string,
  subject: string,
  query: NewestQuery,
): Promise<Newest> {
  const { count, before } = query;
  const matching = (fromSeq: number) => streams.page(stream, { fromSeq, subject, limit: 0 });
  // Counted in this order, what comes meanwhile makes the difference too large, never too small.
  const beyond = before === undefined ? 0 : (await matching(before)).pending;
  const [all, newest] = await Promise.all([
    matching(1),
    before === undefined ? streams.get(stream, { lastBySubject: subject }) : undefined,
  ]);
  const total = all.pending - beyond;
  if (total <= 0) return { messages: [], above: 0, last: all.lastSeq };
  const read = ({ from, count: expected }: Edge) =>
    readWindow(streams, stream, subject, { ...query, from, expected, last: all.lastSeq });
  const window = Math.max(LEAST_WINDOW, 2 * count);
  if (total <= window) return await read({ from: 1, count: total });
  const end =
    newest === undefined ? Math.min(before ?? Number.POSITIVE_INFINITY, all.lastSeq + 1) : newest.seq + 1;
  const tail = Math.max(1, end - window);
  const found = await read({ from: tail, count: window });
  if (found.seen >= count) return found;
  let [low, high]: [Edge, Edge] = [
    { from: 1, count: total },
    { from: tail, count: found.seen },
  ];
  for (let step = 0; ; step += 1) {
    const from = placeBetween(low, high, count, step);
    if (from === undefined) return await read(low);
    const edge = { from, count: (await matching(from)).pending - beyond };
    if (edge.count >= count) low = edge;
    else high = edge;
  }
}

/**
 * Where to count next: by proportion, and each second time in the middle. Undefined when so many match from `low` on
 * that they can be read, and not many more.
 */
export function placeBetween(low: Edge, high: Edge, wanted: number, step: number): number | undefined {
  const enough = Math.max(LEAST_WINDOW, 3 * wanted);
  const span = high.from - low.from;
  if (low.count <= enough || span <= 1) return undefined;
  // A server walks over all that lies between two matches: each one read in vain may cost it a millisecond.
  const aim = wanted + 2 * Math.ceil(Math.sqrt(wanted)) + 2;
  const share = step % 2 === 0 ? (low.count - aim) / (low.count - high.count) : 0.5;
  return low.from + Math.min(span - 1, Math.max(1, Math.floor(span * share)));
}

interface Window extends NewestQuery {
  readonly from: number;
  /** About how many will come. */
  readonly expected: number;
  /** The end, so far. */
  readonly last: number;
}

/** Reads from `from` to `before`, or the end, and keeps the newest. `seen`: how many matched. */
async function readWindow(
  streams: Streams,
  stream: string,
  subject: string,
  { count, before = Number.POSITIVE_INFINITY, maxBytes, bytesOf, from, expected, last }: Window,
): Promise<Newest & { readonly seen: number }> {
  let kept: { readonly stored: Stored; readonly size: number }[] = [];
  let [bytes, seen, above] = [0, 0, from <= 1 ? 0 : from - 1];
  for (let fromSeq = from; ; ) {
    // One more than expected: that it stands behind `before` shows that nothing is missing.
    const limit = Math.min(PAGE, before - fromSeq, Math.max(0, expected - seen) + 1);
    const page = await streams.page(stream, { fromSeq, subject, limit, maxBytes: PAGE_BYTES });
    for (const stored of page.messages) {
      if (stored.seq >= before) break;
      seen += 1;
      const size = bytesOf(stored);
      if (size === undefined) continue;
      kept.push({ stored, size });
      bytes += size;
    }
    let drop = 0;
    for (let oldest = kept[0]; oldest !== undefined; oldest = kept[drop]) {
      const left = kept.length - drop;
      if (left === 1 || (left <= count && bytes <= maxBytes)) break;
      bytes -= oldest.size;
      above = oldest.stored.seq;
      drop += 1;
    }
    kept = kept.slice(drop);
    fromSeq = page.scannedTo + 1;
    if (fromSeq >= before || page.pending === 0 || fromSeq > last) {
      const reached = before === Number.POSITIVE_INFINITY ? page.scannedTo : last;
      return { messages: kept.map(({ stored }) => stored), above, last: reached, seen };
    }
  }
}
