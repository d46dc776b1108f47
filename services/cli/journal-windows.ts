/**
 * Reading the journal through the leader's queries: windows of events, and backwards from its end, where most of
 * what is asked for stands.
 */
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { JournalEvent } from './event-words.ts';

/** Batches a window: about as many as one answer holds. */
const WINDOW = 50;

/** The sequence of the journal's newest batch; 0 for an empty one. */
export async function journalEnd(client: BoardClient, signal: AbortSignal): Promise<number> {
  const question = { v: 1, kind: 'journal', after: Number.MAX_SAFE_INTEGER - 1, limit: 1 } as const;
  return (await client.query(question, signal)).last;
}

/**
 * The events up to the sequence `to`, a window at a time from the newest backwards; those of a window are oldest
 * first. Ends at the first batch that the journal still has.
 */
export async function* windowsBack(
  client: BoardClient,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<readonly JournalEvent[], void> {
  for (let end = to; end > 0; end = Math.max(0, end - WINDOW)) {
    const { events, isThere } = await readWindow(client, Math.max(0, end - WINDOW), end, signal);
    if (!isThere) return;
    yield events;
  }
}

/** `isThere`: whether the journal still has any batch of the window. */
async function readWindow(
  client: BoardClient,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<{ events: JournalEvent[]; isThere: boolean }> {
  const events: JournalEvent[] = [];
  let isThere = false;
  for (let after = from; after < to; ) {
    const { batches } = await client.query({ v: 1, kind: 'journal', after, limit: to - after }, signal);
    for (const { seq, batch } of batches) {
      if (seq > to) return { events, isThere };
      isThere = true;
      for (const event of batch.events) events.push({ seq, at: batch.at, event });
    }
    const end = batches.at(-1)?.seq;
    if (end === undefined) break;
    after = end;
  }
  return { events, isThere };
}
