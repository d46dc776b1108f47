/**
 * The board of a journal that was just restored, and the batch by which an operator goes on from it.
 *
 * The streams were created anew, which forbids leading until an operator decides; restoring is that decision. And the
 * old history may have gone on behind the backup: grants were given, and commits carry their runs. A fence, and the run
 * named after it, must never mean two things, so the first grant after a restore lies beyond any that could have been
 * given, and so does the first term: agents that heard the old leaders believe no older one.
 */
import type { Batch, Event } from '../../schemas/index.ts';
import { evolveBatch } from '../board/evolve.ts';
import { formatOf } from '../board/format.ts';
import { fenceBeyond, termBeyond } from '../board/lost-fences.ts';
import { fromImage, imageOf } from '../board/snapshot.ts';
import { type Board, createBoard } from '../board/state.ts';
import { openJournal } from '../bus/journal.ts';
import { openSnapshots } from '../bus/snapshots.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, WaggleError } from '../errors.ts';
import type { RandomId } from '../random.ts';
import type { BackupHeader } from './container.ts';
import { type Buses, placesOf } from './places.ts';

export interface ContinueOptions extends Buses {
  readonly project: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  /** Who restores. */
  readonly by: string;
  readonly header: BackupHeader;
}

export interface ContinuedBoard {
  readonly board: Board;
  /** Sequence of the batch that was appended. */
  readonly seq: number;
}

/** Folds what was restored and appends the operator's batch. Errors: `journal-unreadable`, those of the journal. */
export async function continueBoard(options: ContinueOptions, signal: AbortSignal): Promise<ContinuedBoard> {
  const { core, swarm, project, clock, randomId, header } = options;
  const journal = openJournal(core, project, clock);
  const { board, place } = await boardFrom(options);
  let last: Batch | undefined;
  const seq = await journal.fold((batch) => {
    evolveBatch(board, batch);
    last = batch;
  }, place);
  last ??= await journal.at(seq);
  if (last === undefined || seq !== header.journal_seq) {
    const fault = `the batches end at ${seq}, the backup was taken at ${header.journal_seq}`;
    throw new WaggleError('journal-unreadable', { seq, fault });
  }
  const { mail } = placesOf({ core, swarm }, project);
  const consumed = await mail.bus.streams.get(mail.name, { seq: last.mail_seq });
  const at = Math.max(clock.now(), last.at);
  const term = termBeyond(board, clock.now() - header.created_at);
  const batch: Batch = {
    v: 1,
    id: randomId(),
    predecessor: last.id,
    term,
    at,
    mail_seq: last.mail_seq,
    // Only a journal of that format has told of it.
    ...(last.mail_at === undefined || consumed === undefined ? {} : { mail_at: consumed.at }),
    ...(last.last_mail === undefined ? {} : { last_mail: last.last_mail }),
    streams: { ...last.streams, ...(await createdTimes(options)) },
    events: [{ type: 'led', leader: options.by, term }, ...eventsOf(options, board, last)],
  };
  evolveBatch(board, batch);
  return { board, seq: await journal.append(batch, seq, signal) };
}

/** The newest snapshot that verifies; without one, an empty board before the first batch. */
async function boardFrom({ core, project, randomId }: ContinueOptions) {
  const snapshots = openSnapshots(core, project, randomId);
  for (const manifest of (await snapshots.list()).manifests) {
    try {
      const image = imageOf(await snapshots.read(manifest));
      if (image === undefined) continue;
      const { journal_seq: seq, batch, at } = manifest;
      return { board: fromImage(image, at), place: { seq, batch } };
    } catch (error) {
      if (!isWaggleError(error, 'snapshot-damaged')) throw error;
    }
  }
  return { board: createBoard(), place: { seq: 0, batch: undefined } };
}

async function createdTimes(options: ContinueOptions): Promise<Record<string, string>> {
  const { journal, mail } = placesOf(options, options.project);
  const times: Record<string, string> = {};
  for (const { bus, name } of [journal, mail]) {
    const info = await bus.streams.info(name);
    if (info !== undefined) times[name] = info.created;
  }
  return times;
}

function eventsOf({ by, header, clock }: ContinueOptions, board: Board, last: Batch): Event[] {
  const taken = new Date(header.created_at).toISOString();
  const reason = `restored from the backup of ${taken}`;
  const next_fence = fenceBeyond(board, clock.now() - header.created_at);
  const continued: Event = { type: 'continued', by, reason, mail_seq: last.mail_seq, next_fence };
  const needed = formatOf(continued);
  const format: Event[] = needed > board.format ? [{ type: 'format', format: needed, by }] : [];
  return [...format, continued];
}
