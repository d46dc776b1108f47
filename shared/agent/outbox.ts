/**
 * Reports that the bus has not acked yet, on disk, oldest first, each with the file it names when that isn't stored
 * yet: the client drops what is published while it is disconnected, and a process may die between finishing and
 * reporting.
 *
 * 1. When `put` resolves, report and file are on the disk; the file first, so that no report lacks its own.
 * 2. A report leaves only when MAIL has it or the board has answered it; both may happen, a second copy changes
 *    nothing.
 * 3. What cannot be read or sent is set aside with an error, never dropped.
 * 4. The place of the last mail is remembered: a restarted agent's first claim is decided after it. Otherwise a report
 *    that MAIL has and the leader has not read yet would come too late for its own grant.
 */
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { check, type Report } from '../../schemas/index.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface Outgoing {
  readonly report: Report;
  /** A file that must be stored in FILES before the report is sent. */
  readonly bundle?: string;
  /** Keeps the work of `report` when that comes too late: the same file as a checkpoint of the ended grant. */
  readonly rescue?: Report;
}

/** Where MAIL has a report; `isRepeat`: it had it before, and so others of its agent may stand behind. */
export interface Mailed {
  readonly seq: number;
  readonly isRepeat: boolean;
}

/** The place of the newest mail: an object of its own for each, as a MAIL that is made anew gives a sequence again. */
export interface LastMail {
  readonly seq: number;
}

export interface Outbox {
  /**
   * Resolves when the report is on disk, with a copy of its bundle. A checkpoint takes the place of older ones of its
   * grant; so does a submission, which holds all of their work. Of a grant's words of progress the last twenty stay.
   */
  put(outgoing: Outgoing): Promise<void>;
  /** Oldest first; `bundle` is the copy in the outbox. */
  pending(): readonly Outgoing[];
  has(id: string): boolean;
  /** `place`: where MAIL has it, which is on disk before the report is gone. */
  remove(id: string, place?: Mailed): Promise<void>;
  /** What was mailed last, by a predecessor, too. */
  lastMail(): LastMail | undefined;
  /** Takes an entry out of the way for good, and keeps its files for a person. */
  setAside(id: string, fault: string): Promise<void>;
}

interface Entry {
  readonly number: number;
  readonly outgoing: Outgoing;
}

/** Opens the outbox in `folder` (made when missing). A file that is no report is set aside, never dropped. */
export async function openOutbox(folder: string, log: Log): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (number: number, ending: string) =>
    join(folder, `${String(number).padStart(8, '0')}.${ending}`);
  const entries = new Map<string, Entry>();
  let next = 1;
  const found = (await readdir(folder)).sort();
  // Half written: whoever wrote it died, and what it is of stands elsewhere still.
  for (const file of found.filter((name) => name.endsWith('.part'))) await rm(join(folder, file));
  const files = found.filter((name) => !name.endsWith('.part'));
  for (const file of files.filter((name) => name.endsWith('.bundle'))) {
    next = Math.max(next, Number.parseInt(file, 10) + 1);
    // Its writer died before the report was there: the tree it was made of still is.
    const isAlone = !files.some((other) => other.startsWith(`${file.slice(0, -'bundle'.length)}json`));
    if (isAlone) await rm(join(folder, file), { force: true });
  }
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const number = Number.parseInt(file, 10);
    next = Math.max(next, number + 1);
    const read = await readEntry(join(folder, file));
    if (typeof read === 'string') {
      log.error({ file, fault: read }, 'a report in the outbox cannot be read; it was set aside');
      await rename(join(folder, file), join(folder, `${file}.unreadable`));
      continue;
    }
    const bundle = path(number, 'bundle');
    const outgoing = files.includes(`${file.slice(0, -'.json'.length)}.bundle`) ? { ...read, bundle } : read;
    entries.set(read.report.id, { number, outgoing });
  }

  // Beside the outbox: that it is empty tells others that nothing waits.
  const placeFile = `${folder}.last-mail`;
  let lastMail = await readPlace(placeFile, log);

  const remove = async (id: string, place?: Mailed) => {
    if (place !== undefined) {
      const newest = newestMail(lastMail, place);
      await writeWhole(placeFile, String(newest.seq));
      lastMail = newest;
    }
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    // The report first: a bundle alone counts for nothing.
    await rm(path(entry.number, 'json'), { force: true });
    await rm(path(entry.number, 'bundle'), { force: true });
  };
  return {
    async put({ report, bundle, rescue }) {
      const number = next;
      next += 1;
      const kept = path(number, 'bundle');
      const entry = rescue === undefined ? report : { report, rescue };
      try {
        if (bundle !== undefined) await copyWhole(bundle, kept);
        await writeWhole(path(number, 'json'), JSON.stringify(entry));
        await syncFolder(folder);
      } catch (error) {
        // A disk that is full must not be filled with what counts for nothing.
        for (const file of [path(number, 'json'), kept])
          for (const name of [`${file}.part`, file]) await rm(name, { force: true }).catch(() => undefined);
        throw error;
      }
      const outgoing = {
        report,
        ...(bundle === undefined ? {} : { bundle: kept }),
        ...(rescue === undefined ? {} : { rescue }),
      };
      const replaced = overtaken(
        [...entries.values()].map((older) => older.outgoing),
        report,
      );
      entries.set(report.id, { number, outgoing });
      for (const older of replaced) await remove(older.report.id);
    },
    pending: () => [...entries.values()].map(({ outgoing }) => outgoing),
    has: (id) => entries.has(id),
    remove,
    lastMail: () => lastMail,
    async setAside(id, fault) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entries.delete(id);
      const { report } = entry.outgoing;
      const file = path(entry.number, 'json');
      log.error(
        { file, kind: report.kind, report: id, fault, ...aboutGrant(report) },
        'a report in the outbox cannot be delivered; it was set aside',
      );
      await rename(file, `${file}.undeliverable`);
    },
  };
}

/** Words of progress that wait: whoever says more has said enough. */
const WAITING_WORDS = 20;

/** Those that need not be sent any more once `newer` is kept. */
export function overtaken(entries: readonly Outgoing[], newer: Report): Outgoing[] {
  const replaced = entries.filter(({ report }) => isReplacedBy(report, newer));
  if (newer.kind !== 'progress') return replaced;
  const words = entries.filter(({ report }) => report.kind === 'progress' && report.fence === newer.fence);
  return [...replaced, ...words.slice(0, 1 - WAITING_WORDS)];
}

/** What a line of the log says of a report. */
export const aboutGrant = (report: Report) =>
  'fence' in report ? { task: report.task, fence: report.fence } : {};

function isReplacedBy(older: Report, newer: Report): boolean {
  if (older.kind !== 'checkpoint' || !('fence' in newer) || older.fence !== newer.fence) return false;
  if (newer.kind === 'checkpoint') return older.checkpoint.number < newer.checkpoint.number;
  return newer.kind === 'submitted' || (newer.kind === 'released' && newer.checkpoint !== undefined);
}

/** Undefined where none was mailed, or what is there says no place: then the last report may count as lost. */
/** A repeated one may stand before what was mailed last; any other is the last, also where MAIL was made anew. */
export const newestMail = (last: LastMail | undefined, { seq, isRepeat }: Mailed): LastMail => ({
  seq: isRepeat ? Math.max(last?.seq ?? 0, seq) : seq,
});

async function readPlace(path: string, log: Log): Promise<LastMail | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,15}$/.test(text)) return { seq: Number(text) };
  log.warn({ file: path }, 'the place of the last mail cannot be read; it is written anew with the next one');
  return undefined;
}

/** One report as it stands on the disk, or what is wrong with it. */
export async function readEntry(path: string): Promise<Outgoing | string> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as { report?: unknown; rescue?: unknown } | null;
    if (typeof value !== 'object' || value === null) return 'expected a report';
    const isBare = value.report === undefined;
    const report = check('Report', isBare ? value : value.report);
    if (!report.ok) return report.fault;
    if (isBare || value.rescue === undefined) return { report: report.value };
    const rescue = check('Report', value.rescue);
    return rescue.ok ? { report: report.value, rescue: rescue.value } : rescue.fault;
  } catch (error) {
    return messageOf(error);
  }
}

/** The file appears whole, and is on the disk when this resolves. */
async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, path);
}

/** A second name for the same content where the file system can, else a copy. */
async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  await rm(part, { force: true });
  await link(from, part).catch(() => copyFile(from, part));
  const handle = await open(part, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, to);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
