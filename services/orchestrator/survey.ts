/**
 * What a start finds: the board from the newest verified snapshot and the journal after it, and whether this process
 * may lead on that at all (DESIGN 2.1). Reads only.
 *
 * Nobody may lead on a journal that is not whole, or that this version does not wholly understand:
 * 1. every batch names the one before it, from the first on or from a snapshot on, up to the end of the stream;
 * 2. no verified snapshot and no announcement in MAIL names a batch past that end, or another one in a batch's place;
 * 3. no event is unknown and the format is not newer than ours.
 */
import type { Batch, SnapshotManifest } from '../../schemas/index.ts';
import { evolveBatch } from '../../shared/board/evolve.ts';
import { FORMAT } from '../../shared/board/format.ts';
import { fromImage, type Image, imageOf } from '../../shared/board/snapshot.ts';
import { type Board, createBoard } from '../../shared/board/state.ts';
import type { Journal } from '../../shared/bus/journal.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Snapshots } from '../../shared/bus/snapshots.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { isWaggleError, messageOf, WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Position } from './batch-store.ts';
import type { OwnMail } from './own-mail.ts';

/** Where everything is read from. */
export interface Sources {
  readonly core: Bus;
  readonly swarm: Bus;
  readonly project: string;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly ownMail: OwnMail;
  readonly log: Log;
}

/** A board as the journal gives it. Advanced by `catchUp`. */
export interface Folded {
  readonly board: Board;
  readonly position: Position;
  /** What the last batch says of the streams, by their names. */
  streams: Readonly<Record<string, string>>;
  /** The mails of all batches up to this sequence were stored when the snapshot was taken. */
  readonly announced: number;
  /** Sequence of the snapshot it began with. */
  readonly snapshotSeq: number | undefined;
  /** A newer one is damaged: another is due. */
  readonly isSnapshotDue?: boolean;
}

const unfit: readonly string[] = ['journal-lost', 'journal-newer', 'journal-unreadable'];

/** Whether nobody of this version may lead until somebody acts. */
export const isUnfit = (error: unknown): error is WaggleError =>
  isWaggleError(error) && unfit.includes(error.code);

/** Errors: `journal-lost`, `journal-newer`, `journal-unreadable`, and those of the port. */
export async function survey(sources: Sources): Promise<Folded> {
  const { snapshots, ownMail } = sources;
  // Before the journal: it may grow meanwhile, and must then still be ahead of what is said of it.
  const reach = await ownMail.reach();
  const { manifests, faults } = await snapshots.list();
  for (const fault of faults) report(sources.log, fault);
  const folded = (await fromSnapshot(sources, manifests)) ?? fresh();
  await catchUp(sources, folded);
  const { position } = folded;
  const rest = restOf(folded);
  const [newest] = manifests;
  if (newest !== undefined && newest.journal_seq > position.seq) {
    const what = `the journal ends at ${position.seq}, and there is a snapshot of batch ${newest.journal_seq}`;
    throw lost(what, rest);
  }
  if (reach > position.seq) {
    throw lost(`the journal ends at ${position.seq}, and batch ${reach} was announced in MAIL`, rest);
  }
  return folded;
}

/**
 * Folds what the journal has more, up to a sequence. Errors: as of `survey`; then the board may hold half a batch more
 * than its position says.
 */
export async function catchUp(
  { core, project, journal }: Sources,
  folded: Folded,
  upTo = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { board, position } = folded;
  const info = await core.streams.info(streamNames(project).journal);
  if ((info?.lastSeq ?? 0) < position.seq) {
    const what = `the journal ends at ${info?.lastSeq ?? 0}, and batch ${position.seq} was read from it`;
    throw lost(what, `batch ${position.seq}`);
  }
  if (info === undefined || info.lastSeq === position.seq) return;
  try {
    await journal.fold(
      (batch, seq) => {
        if (seq <= upTo) take(folded, batch, seq);
      },
      { seq: position.seq, batch: position.batch },
    );
  } catch (error) {
    if (isWaggleError(error) || board.format > FORMAT) throw newer(board) ?? error;
    // A batch that does not fit the board is as unreadable as one that is none.
    throw new WaggleError('journal-unreadable', { seq: position.seq + 1, fault: messageOf(error) });
  }
  if (position.seq >= info.lastSeq) return;
  const what = `the batches of the journal end at ${position.seq}, and its stream reached ${info.lastSeq}`;
  throw lost(what, restOf(folded));
}

const restOf = ({ board, position }: Folded): string =>
  board.genesis === ''
    ? 'an empty board'
    : `what is left of it (${board.tasks.size} tasks, up to batch ${position.seq})`;

function take(folded: Folded, batch: Batch, seq: number): void {
  const { board, position } = folded;
  evolveBatch(board, batch);
  const problem = newer(board);
  if (problem !== undefined) throw problem;
  position.seq = seq;
  position.batch = batch.id;
  position.at = batch.at;
  position.mail = { seq: batch.mail_seq, at: batch.mail_at };
  folded.streams = batch.streams;
}

const newer = ({ format }: Board): WaggleError | undefined =>
  format > FORMAT ? new WaggleError('journal-newer', { format, known: FORMAT }) : undefined;

/** A board of nothing. */
export const fresh = (): Folded => ({
  board: createBoard(),
  position: { seq: 0, batch: undefined, at: 0, mail: { seq: 0 } },
  streams: {},
  announced: 0,
  snapshotSeq: undefined,
});

const lost = (what: string, rest: string): WaggleError => new WaggleError('journal-lost', { what, rest });

/** The board of the newest snapshot that verifies; it must stand in the journal. */
async function fromSnapshot(
  sources: Sources,
  manifests: readonly SnapshotManifest[],
): Promise<Folded | undefined> {
  for (const [n, manifest] of manifests.entries()) {
    if (manifest.format > FORMAT) {
      throw new WaggleError('journal-newer', { format: manifest.format, known: FORMAT });
    }
    const folded = await verified(sources, manifest);
    if (folded === undefined) continue;
    await expectStanding(sources, manifest);
    return n === 0 ? folded : { ...folded, isSnapshotDue: true };
  }
  return undefined;
}

/** The board of one snapshot; undefined, and reported, when it is damaged. */
export async function verified(
  { snapshots, log }: Sources,
  manifest: SnapshotManifest,
): Promise<Folded | undefined> {
  const { journal_seq: seq, batch, at, mail_seq, mail_at, streams, announced } = manifest;
  try {
    const image = imageOf(await snapshots.read(manifest));
    if (image === undefined) {
      throw new WaggleError('snapshot-damaged', { seq, fault: 'its parts make no board' });
    }
    const position: Position = { seq, batch, at, mail: { seq: mail_seq, at: mail_at } };
    return { board: boardOf(image, manifest), position, streams, announced, snapshotSeq: seq };
  } catch (error) {
    if (!isWaggleError(error, 'snapshot-damaged')) throw error;
    report(log, error.message);
    return undefined;
  }
}

function boardOf(image: Image, { journal_seq: seq, at }: SnapshotManifest): Board {
  try {
    return fromImage(image, at);
  } catch (error) {
    // Whatever breaks a rule of the board.
    throw new WaggleError('snapshot-damaged', { seq, fault: messageOf(error) });
  }
}

/** Its batch stands at its sequence, or, where that was truncated, the journal goes on from it. */
async function expectStanding(
  { core, project, journal }: Sources,
  manifest: SnapshotManifest,
): Promise<void> {
  const { journal_seq: seq, batch: id, genesis } = manifest;
  const rest = `the snapshot of batch ${seq}`;
  const info = await core.streams.info(streamNames(project).journal);
  if (info === undefined || info.lastSeq < seq) {
    const end = info?.lastSeq ?? 0;
    throw lost(`the journal ends at ${end}, and there is a snapshot of batch ${seq}`, rest);
  }
  const standing = await journal.at(seq);
  if (standing !== undefined && standing.id !== id) {
    const what = `the journal is not the one of genesis ${genesis}: batch ${standing.id} stands at ${seq}, expected ${id}`;
    throw lost(what, rest);
  }
  if (standing !== undefined) return;
  const [next] = (await journal.page(seq, 1)).batches;
  if (next?.batch.predecessor === id) return;
  const found = next === undefined ? 'nothing stands after it' : `batch ${next.seq} follows another one`;
  throw lost(`the journal has no batch ${seq}, of which there is a snapshot, and ${found}`, rest);
}

function report(log: Log, fault: string): void {
  log.error({ fault }, 'a snapshot is skipped');
}
