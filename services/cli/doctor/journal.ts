/**
 * The journal as a leader would read it: from the newest snapshot on, or from its beginning where there is none, each
 * batch decoded, chained to the one before, and applied. So it finds what keeps everybody from leading, by its place.
 *
 * What is longer than a look may cost is read to a bound and from near its end; that is said.
 */
import type { Batch, SnapshotManifest } from '../../../schemas/index.ts';
import { evolveBatch } from '../../../shared/board/evolve.ts';
import { FORMAT } from '../../../shared/board/format.ts';
import { type Board, createBoard } from '../../../shared/board/state.ts';
import { tryDecode } from '../../../shared/bus/codec.ts';
import type { Bus, Stored } from '../../../shared/bus/port.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import { messageOf } from '../../../shared/errors.ts';
import { type Finding, fail, pass, skip } from './report.ts';

export interface JournalLook {
  readonly core: Bus;
  readonly project: string;
  /** The newest snapshot that verifies, and its board, which is changed. */
  readonly from?: { readonly manifest: SnapshotManifest; readonly board: Board } | undefined;
  /** Messages that are read at most. */
  readonly most?: number;
}

const MOST = 20_000;
const PAGE = 500;
const PAGE_BYTES = 8 * 1024 ** 2;
/** So many of the newest are read, too, where there are more than that. */
const TAIL = 500;

const MEND =
  '`waggle orchestrator --accept-journal-loss`, once, goes on from what stands before it: what came after is lost. Or bring a backup onto an emptied bus with `waggle restore`';

/** Errors: the port's. */
export async function lookAtJournal(look: JournalLook): Promise<Finding> {
  const { core, project, from, most = MOST } = look;
  const stream = streamNames(project).journal;
  const info = await core.streams.info(stream);
  if (info === undefined) return skip('this login sees no journal');
  const start = from === undefined ? 0 : from.manifest.journal_seq;
  if (info.lastSeq < start) {
    const error = `the journal ends at ${info.lastSeq}, and there is a snapshot of batch ${start}: nobody leads on that`;
    return fail(error, undefined, MEND);
  }
  const standing = from === undefined ? undefined : await core.streams.get(stream, { seq: start });
  if (standing !== undefined && from !== undefined) {
    const { batch } = from.manifest;
    const found = tryDecode('Batch', standing);
    if (!found.ok || found.value.id !== batch)
      return unreadable(
        standing,
        found.ok ? `expected batch ${batch}, of which there is a snapshot` : found.fault,
      );
  }
  const chain = new Chain(start, from?.manifest.batch, from?.board ?? createBoard());
  const fault = await walk(core, stream, start + 1, start + most, (stored) => chain.take(stored));
  if (fault !== undefined) return fault;
  const { seq } = chain;
  if (info.lastSeq <= start + most) {
    if (seq < info.lastSeq)
      return fail(`the batches end at ${seq}, and the journal reached ${info.lastSeq}`, undefined, MEND);
    return pass(`read from ${start + 1} to ${seq}: every batch follows the one before it`);
  }
  const near = Math.max(seq + 1, info.lastSeq - TAIL + 1);
  const tail = new Chain(near - 1, undefined, undefined);
  const late = await walk(core, stream, near, info.lastSeq, (stored) => tail.take(stored));
  return (
    late ?? pass(`read from ${start + 1} to ${seq} and from ${near} to ${tail.seq}; more than a look reads`)
  );
}

/** Reads on, message by message, until one is at fault. */
async function walk(
  core: Bus,
  stream: string,
  from: number,
  to: number,
  take: (stored: Stored) => string | undefined,
): Promise<Finding | undefined> {
  for (let next = from; next <= to; ) {
    const limit = Math.min(PAGE, to - next + 1);
    const page = await core.streams.page(stream, { fromSeq: next, limit, maxBytes: PAGE_BYTES });
    for (const stored of page.messages) {
      if (stored.seq > to) return undefined;
      const fault = take(stored);
      if (fault !== undefined) return unreadable(stored, fault);
      next = stored.seq + 1;
    }
    if (page.messages.length === 0) {
      if (page.scannedTo >= page.lastSeq) return undefined;
      next = page.scannedTo + 1;
    }
  }
  return undefined;
}

function unreadable({ seq, at, payload }: Stored, fault: string): Finding {
  const seen = `stored ${new Date(at).toISOString()}, ${payload.byteLength} bytes`;
  return fail(`journal message ${seq} cannot be read: ${fault}; nobody leads on that`, seen, MEND);
}

/** The batches in their order. Without a board it begins anywhere, and only the links are looked at. */
class Chain {
  seq: number;
  #last: string | undefined;
  readonly #board: Board | undefined;
  #isAnywhere: boolean;

  constructor(seq: number, last: string | undefined, board: Board | undefined) {
    this.seq = seq;
    this.#last = last;
    this.#board = board;
    this.#isAnywhere = board === undefined;
  }

  /** What is wrong with the next one. */
  take(stored: Stored): string | undefined {
    const decoded = tryDecode('Batch', stored);
    if (!decoded.ok) return decoded.fault;
    const { value } = decoded;
    if (!this.#isAnywhere && value.predecessor !== this.#last)
      return `it follows batch ${value.predecessor ?? 'none'}, but ${this.#last ?? 'none'} stands before it`;
    this.#isAnywhere = false;
    this.seq = stored.seq;
    this.#last = value.id;
    return this.#apply(value);
  }

  #apply(batch: Batch): string | undefined {
    const board = this.#board;
    if (board === undefined) return undefined;
    try {
      evolveBatch(board, batch);
    } catch (error) {
      // Whatever breaks a rule of the board.
      return messageOf(error);
    }
    return board.format > FORMAT
      ? `format ${board.format} is newer than this version's ${FORMAT}`
      : undefined;
  }
}
