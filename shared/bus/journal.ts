/**
 * The journal: one message per batch, appended with the stream's last sequence as expectation (DESIGN 2.1).
 * Owns encoding, the chain of batches and what to do when the answer to an append is lost; knows nothing of
 * tasks.
 *
 * Invariants:
 * 1. A batch is acked exactly when it stands at the sequence after the one expected; "no answer" proves nothing,
 *    so the same batch is sent again at the same expectation until it, or another, stands there.
 * 2. Every batch names its predecessor; a broken chain, an unknown event or an undecodable batch forbids leading.
 * 3. A journal that ends before the sequence that is expected has lost something: nothing is appended to it.
 */
import type { Batch } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import { encode, tryDecode } from './codec.ts';
import type { Bus, Stored, StreamInfo } from './port.ts';
import { subjectsOf } from './subjects.ts';
import { streamNames } from './topology.ts';

export interface JournalPage {
  readonly batches: readonly { readonly seq: number; readonly batch: Batch }[];
  readonly last: number;
}

/** A batch by its place: what comes after it must name it. */
export interface JournalPlace {
  readonly seq: number;
  readonly batch: string | undefined;
}

export interface Journal {
  /**
   * Gives every batch after a place (default: from the beginning), oldest first; returns the stream's last sequence.
   * Errors: `journal-unreadable`.
   */
  fold(take: (batch: Batch, seq: number) => void, after?: JournalPlace): Promise<number>;
  /** What stands at a sequence. Errors: `journal-unreadable`. */
  at(seq: number): Promise<Batch | undefined>;
  /** Some batches after a sequence. */
  page(after: number, limit: number): Promise<JournalPage>;
  /**
   * Stores the batch right after `expectSeq` and returns its sequence. Errors: `journal-refused` when another
   * batch stands there, `stream-changed` when the journal no longer reaches so far, `message-too-large`; the signal's
   * reason when it aborts, with the outcome unknown.
   */
  append(batch: Batch, expectSeq: number, signal: AbortSignal): Promise<number>;
  /**
   * Empties the journal and stores the batch at `seq`, which must lie past everything that stands there: only on an
   * operator's word. Errors: `journal-refused` when another was faster, the port's.
   */
  begin(batch: Batch, seq: number): Promise<void>;
}

const PAGE = 500;
/** A page of batches travels in one message. */
const PAGE_BYTES = 500_000;
const RETRY_MS = 100;
const APPEND_TIMEOUT_MS = 3_000;
const FILLERS = 256;

export function openJournal(core: Bus, project: string, clock: Clock): Journal {
  const stream = streamNames(project).journal;
  const subject = subjectsOf(project).journal;

  const at = async (seq: number): Promise<Batch | undefined> => {
    const stored = await core.streams.get(stream, { seq });
    return stored === undefined ? undefined : read(stored);
  };

  /** What stands at a sequence: the batch's id, another's, or nothing that could be seen. */
  const standsAt = async (seq: number): Promise<string | undefined> => {
    try {
      return (await at(seq))?.id;
    } catch (error) {
      if (isWaggleError(error) && error.code !== 'journal-unreadable') return undefined;
      throw error;
    }
  };

  /** After a refusal with nothing in the batch's place. */
  const expectReach = async (seq: number): Promise<void> => {
    let info: StreamInfo | undefined;
    try {
      info = await core.streams.info(stream);
    } catch (error) {
      // Not known now: the next try tells.
      if (isWaggleError(error)) return;
      throw error;
    }
    if (info?.lastSeq === seq) return;
    if (info !== undefined && info.lastSeq > seq) {
      // What was refused us may have come there since, ours among it; else it was removed.
      if ((await standsAt(seq + 1)) === undefined) throw new WaggleError('journal-refused', { seq: seq + 1 });
      return;
    }
    const how = info === undefined ? 'it is gone' : `it ends at ${info.lastSeq}, expected ${seq}`;
    throw new WaggleError('stream-changed', { stream, how });
  };

  /**
   * A purge past the end moves the end there. Servers before 2.10 go on comparing expectations with the end as it was,
   * for all messages until they are restarted: there the sequences are used up one by one.
   */
  const fillTo = async (seq: number): Promise<void> => {
    if (!isOldServer(core.server().version)) return;
    for (;;) {
      const missing = seq - ((await core.streams.info(stream))?.lastSeq ?? 0);
      if (missing <= 0) return;
      const fillers = Array.from({ length: Math.min(missing, FILLERS) }, () =>
        core.append(subject, new Uint8Array(), { timeoutMs: APPEND_TIMEOUT_MS }),
      );
      await Promise.all(fillers);
    }
  };

  return {
    at,

    async fold(take, after = { seq: 0, batch: undefined }) {
      let { seq, batch: predecessor } = after;
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
        let isRefused = false;
        try {
          const acked = await core.append(subject, payload, {
            expectLastSeq: expectSeq,
            messageId: batch.id,
            headers,
            timeoutMs: APPEND_TIMEOUT_MS,
          });
          if (!acked.duplicate) return acked.seq;
        } catch (error) {
          if (!isWaggleError(error) || error.code === 'message-too-large') throw error;
          isRefused = error.code === 'wrong-last-sequence' || error.code === 'stream-missing';
        }
        // Refused, repeated or unanswered: only what stands there tells.
        const found = await standsAt(expectSeq + 1);
        if (found === batch.id) return expectSeq + 1;
        if (found !== undefined) throw new WaggleError('journal-refused', { seq: expectSeq + 1 });
        if (isRefused) await expectReach(expectSeq);
        await clock.sleep(RETRY_MS, signal);
      }
    },

    async begin(batch, seq) {
      const { payload, headers } = encode('Batch', batch);
      await fillTo(seq - 1);
      await core.streams.purge(stream, { before: seq });
      const options = { messageId: batch.id, headers, timeoutMs: APPEND_TIMEOUT_MS, expectLastSeq: seq - 1 };
      await core.append(subject, payload, options).catch((error: unknown) => {
        // Another was faster, or the answer was lost: what stands there tells.
        if (!isWaggleError(error)) throw error;
      });
      if ((await standsAt(seq)) !== batch.id) throw new WaggleError('journal-refused', { seq });
    },
  };
}

const isOldServer = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 2 || (major === 2 && minor < 10);
};

function read(stored: Stored): Batch {
  const decoded = tryDecode('Batch', stored);
  if (!decoded.ok) throw new WaggleError('journal-unreadable', { seq: stored.seq, fault: decoded.fault });
  return decoded.value;
}
