/**
 * What every part of a clean-up is given.
 */
import type { Buses } from '../../../shared/backup/places.ts';
import type { BoardClient } from '../../../shared/bus/board-client.ts';

export interface GcScope extends Buses {
  readonly project: string;
  readonly client: BoardClient;
  /** What is younger stays: milliseconds since the epoch. */
  readonly before: number;
  /** Looks, and removes nothing. */
  readonly isDry: boolean;
  readonly signal: AbortSignal;
}

/** The MAIL sequence up to which everything was consumed, as an acked batch says it. */
export async function consumedMail({ client, signal }: GcScope): Promise<number> {
  const after = Number.MAX_SAFE_INTEGER - 1;
  const { last } = await client.query({ v: 1, kind: 'journal', after, limit: 1 }, signal);
  const { batches } = await client.query(
    { v: 1, kind: 'journal', after: Math.max(0, last - 1), limit: 1 },
    signal,
  );
  return batches.at(-1)?.batch.mail_seq ?? 0;
}
