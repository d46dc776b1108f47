/**
 * The journal: one message per batch, appended with the stream's last sequence as expectation (DESIGN 2.1).
 * Owns encoding, the chain of batches and what to do when the answer to an append is lost; knows nothing of
 * tasks.
 *
 * Invariants:
 * 1. A batch is acked exactly when it stands at the sequence after the one expected; "no answer" proves nothing,
 *    so the same batch is sent again at the same expectation until it, or another, stands there.
 * 2. Every batch names its predecessor; a broken chain, an unknown event or an undecodable batch forbids leading.
 */
import type { Batch } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import { encode, tryDecode } from './codec.ts';
import type { Bus, Stored } from './port.ts';
import { subjectsOf } from './subjects.ts';
import { streamNames } from './topology.ts';

export interface JournalPage {
  readonly batches: readonly { readonly seq: number; readonly batch: Batch }[];
  readonly last: number;
}

export interface Journal {
  /** Gives every batch there is, oldest first; returns the last sequence. Errors: `journal-unreadable`. */
  fold(take: (batch: Batch, seq: number) => void): Promise<number>;
  /** Some batches after a sequence. */
  page(after: number, limit: number): Promise<JournalPage>;
  /**
   * Stores the batch right after `expectSeq` and returns its sequence. Errors: `journal-refused` when another
   * batch stands there, `message-too-large`; the signal's reason when it aborts, with the outcome unknown.
   */
  append(batch: Batch, expectSeq: number, signal: AbortSignal): Promise<number>;
}

const PAGE = 500;
/** A page of batches travels in one message. */
const PAGE_BYTES = 500_000;
const RETRY_MS = 100;
const APPEND_TIMEOUT_MS = 3_000;

export function openJournal(core: Bus, project: string, clock: Clock): Journal {
  const stream = streamNames(project).journal;
  const subject = subjectsOf(project).journal;

  /** What stands at a sequence: the batch's id, another's, or nothing. */
  const standsAt = async (seq: number): Promise<string | undefined> => {
    const stored = await core.streams.get(stream, { seq });
    return stored === undefined ? undefined : read(stored).id;
  };

  return {
    async fold(take) {
      let seq = 0;
      let predecessor: string | undefined;
      for (;;) {
        const page = await core.streams.page(stream, { fromSeq: seq + 1, limit: PAGE });
        for (const stored of page.messages) {
          const batch = read(stored);
          if (batch.predecessor !== predecessor) {
            const fault = `it follows batch ${batch.predecessor ?? 'none'}, but ${predecessor ?? 'none'} stands before it`;
            throw new WaggleError('journal-unreadable', { seq: stored.seq, fault });
          }
          predecessor = batch.id;
          take(batch, stored.seq);
          seq = stored.seq;
        }
        if (page.messages.length === 0 && page.scannedTo >= page.lastSeq) return Math.max(seq, page.lastSeq);
        seq = Math.max(seq, page.scannedTo);
      }
    },

    async page(after, limit) {
      const page = await core.streams.page(stream, { fromSeq: after + 1, limit });
      let bytes = 0;
      const room = Math.min(PAGE_BYTES, core.server().maxPayloadBytes / 2);
      const fitting = page.messages.filter(({ payload }, index) => {
        bytes += payload.byteLength;
        return index === 0 || bytes <= room;
      });
      return {
        batches: fitting.map((stored) => ({ seq: stored.seq, batch: read(stored) })),
        last: page.lastSeq,
      };
    },

    async append(batch, expectSeq, signal) {
      const { payload, headers } = encode('Batch', batch);
      for (;;) {
        signal.throwIfAborted();
        try {
          const acked = await core.append(subject, payload, {
            expectLastSeq: expectSeq,
            messageId: batch.id,
            headers,
            timeoutMs: APPEND_TIMEOUT_MS,
          });
          if (!acked.duplicate) return acked.seq;
        } catch (error) {
          if (isWaggleError(error, 'message-too-large')) throw error;
          if (!isWaggleError(error)) throw error;
        }
        // Refused, repeated or unanswered: only what stands there tells.
        const found = await standsAt(expectSeq + 1).catch((error: unknown) => {
          if (isWaggleError(error) && error.code !== 'journal-unreadable') return undefined;
          throw error;
        });
        if (found === batch.id) return expectSeq + 1;
        if (found !== undefined) throw new WaggleError('journal-refused', { seq: expectSeq + 1 });
        await clock.sleep(RETRY_MS, signal);
      }
    },
  };
}

function read(stored: Stored): Batch {
  const decoded = tryDecode('Batch', stored);
  if (!decoded.ok) throw new WaggleError('journal-unreadable', { seq: stored.seq, fault: decoded.fault });
  return decoded.value;
}
