/**
 * Taking a backup while the swarm works.
 *
 * Nothing stands still meanwhile, so the order of looking makes the copy consistent:
 * 1. The end of SNAPSHOTS is read before that of JOURNAL: no snapshot in the copy is of a batch that isn't.
 * 2. The end of MAIL is read after that of JOURNAL: what the journal calls consumed is there. What the orchestrator
 *    announced of batches behind the copy's end is left out: it would prove that this journal had reached further.
 * 3. FILES are read last, and to their end: each chunk that the journal or a mail names was stored before, and one that
 *    is stored again moves on to where it is still to be read.
 * 4. The journal goes first, because its beginning may be trimmed away while it is read. It has no gaps: where the copy
 *    has one, or begins behind the newest snapshot of the copy, it is torn, and taken again.
 *
 * What came later is lost with a restore; that is what a backup is.
 */

import { RESERVED_AGENT } from '../../schemas/limits.ts';
import { tryDecode } from '../bus/codec.ts';
import { isFault, readMail } from '../bus/mailbox.ts';
import type { Stored } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import type { Clock } from '../clock.ts';
import { WaggleError } from '../errors.ts';
import { VERSION } from '../version.ts';
import {
  type BackupHeader,
  type BackupRecord,
  type BackupStream,
  type BackupSummary,
  backupStreams,
  writeBackup,
} from './container.ts';
import { type Buses, messagesOf, placesOf } from './places.ts';
import { ownHeaders, StreamDigest } from './stream-digest.ts';

export interface TakeOptions extends Buses {
  readonly project: string;
  readonly file: string;
  readonly clock: Clock;
  /** Called now and then with how many messages of a stream are copied. */
  readonly onProgress?: (stream: BackupStream, done: number) => void;
}

export interface Taken {
  readonly header: BackupHeader;
  readonly summary: BackupSummary;
  /** Of the file. */
  readonly bytes: number;
}

/** Something was trimmed away while it was copied. */
class TornCopy extends Error {}

const TRIES = 3;

/** Errors: `refused` (`reason`: `empty`, `torn`), those of the port and of the file system. */
export async function takeBackup(options: TakeOptions, signal: AbortSignal): Promise<Taken> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await takeOnce(options, signal);
    } catch (error) {
      if (!(error instanceof TornCopy)) throw error;
      if (attempt < TRIES) continue;
      const message = `no backup was made: ${error.message}; try again`;
      throw new WaggleError('refused', { message, reason: 'torn' }, { cause: error });
    }
  }
}

async function takeOnce(options: TakeOptions, signal: AbortSignal): Promise<Taken> {
  const { project, file, clock } = options;
  const places = placesOf(options, project);
  const endOf = async (stream: BackupStream) => {
    const { bus, name } = places[stream];
    return (await bus.streams.info(name))?.lastSeq ?? 0;
  };
  const snapshots = await endOf('snapshots');
  const journal = await endOf('journal');
  const mail = await endOf('mail');
  if (journal === 0) {
    const message = `project ${project} has no journal yet: there is nothing to back up`;
    throw new WaggleError('refused', { message, reason: 'empty' });
  }
  const ends = { snapshots, journal, mail, files: 0 };
  const header: BackupHeader = {
    waggle_backup: 1,
    project,
    created_at: clock.now(),
    version: VERSION,
    journal_seq: journal,
  };
  const digests = new Map(backupStreams.map((stream) => [stream, new StreamDigest(stream)]));
  async function* records(): AsyncGenerator<BackupRecord> {
    const watch = new TearWatch(project, journal);
    for (const stream of backupStreams) {
      const upTo = stream === 'files' ? undefined : ends[stream];
      let done = 0;
      for await (const stored of messagesOf(places[stream], stream, upTo, signal)) {
        watch.see(stream, stored);
        ends[stream] = Math.max(ends[stream], stored.seq);
        if (stream === 'mail' && isOfLater(stored, journal)) continue;
        const { seq, subject, payload } = stored;
        const record = { stream, seq, subject, headers: ownHeaders(stored.headers), payload };
        digests.get(stream)?.add(record);
        yield record;
        done += 1;
        options.onProgress?.(stream, done);
      }
      watch.over(stream);
    }
  }
  const summary = () =>
    Object.fromEntries(
      backupStreams.map((stream) => [stream, digests.get(stream)?.summary(ends[stream])]),
    ) as unknown as BackupSummary;
  const bytes = await writeBackup(file, header, records(), summary);
  return { header, summary: summary(), bytes };
}

/** Whether the orchestrator tells there of a batch behind `journal`. */
function isOfLater(stored: Stored, journal: number): boolean {
  const read = readMail(stored);
  return !isFault(read) && read.from === RESERVED_AGENT && (read.mail.journal_seq ?? 0) > journal;
}

/** Notices that the copy is not whole. */
class TearWatch {
  readonly #manifests: string;
  readonly #end: number;
  #first: number | undefined;
  #seen = 0;
  /** Pieces of each snapshot, by its id. */
  readonly #pieces = new Map<string, number>();
  #reaches = false;

  constructor(project: string, end: number) {
    this.#manifests = `${subjectsOf(project).prefix}.snapshot.0`;
    this.#end = end;
  }

  see(stream: BackupStream, stored: Stored): void {
    if (stream === 'journal') this.#seeBatch(stored.seq);
    else if (stream === 'snapshots') this.#seeSnapshot(stored);
  }

  over(stream: BackupStream): void {
    if (stream === 'journal' && this.#seen !== this.#end)
      throw new TornCopy(`the journal was copied to ${this.#seen}, and reached ${this.#end}`);
    if (stream === 'snapshots' && (this.#first ?? 1) > 1 && !this.#reaches)
      throw new TornCopy(`the journal begins at ${this.#first}, and no whole snapshot leads up to there`);
  }

  #seeBatch(seq: number): void {
    if (this.#first !== undefined && seq !== this.#seen + 1)
      throw new TornCopy(`the journal was trimmed while it was copied, between ${this.#seen} and ${seq}`);
    this.#first ??= seq;
    this.#seen = seq;
  }

  #seeSnapshot(stored: Stored): void {
    const decoded = tryDecode('Snapshot', stored);
    if (!decoded.ok) return;
    const { value } = decoded;
    if (value.kind === 'piece') this.#pieces.set(value.id, (this.#pieces.get(value.id) ?? 0) + 1);
    else if (value.kind !== 'manifest' || stored.subject !== this.#manifests) return;
    else if (this.#pieces.get(value.id) === value.pieces)
      this.#reaches ||= value.journal_seq >= (this.#first ?? 1) - 1;
  }
}
