/**
 * Reports that the bus has not acked yet, on disk, oldest first: the client drops what is published while it
 * is disconnected, and a process may die between finishing and reporting. A report leaves the outbox only
 * when MAIL has it or the board has answered it; both may happen, a second copy changes nothing.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { check, type Report } from '../../schemas/index.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';

export interface Outbox {
  /** Resolves when the report is on disk. */
  put(report: Report): Promise<void>;
  pending(): readonly Report[];
  remove(id: string): Promise<void>;
}

/** Opens the outbox in `folder` (made when missing). A file that is no report is set aside, never dropped. */
export async function openOutbox(folder: string, log: Log): Promise<Outbox> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = new Map<string, { readonly file: string; readonly report: Report }>();
  let next = 1;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()) {
    next = Math.max(next, Number.parseInt(file, 10) + 1);
    const read = await readReport(join(folder, file));
    if (typeof read === 'string') {
      log.error({ file, fault: read }, 'a report in the outbox cannot be read; it was set aside');
      await rename(join(folder, file), join(folder, `${file}.unreadable`));
    } else {
      entries.set(read.id, { file, report: read });
    }
  }
  return {
    async put(report) {
      const file = `${String(next).padStart(8, '0')}.json`;
      next += 1;
      await writeWhole(join(folder, file), JSON.stringify(report));
      entries.set(report.id, { file, report });
    },
    pending: () => [...entries.values()].map(({ report }) => report),
    async remove(id) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      await rm(join(folder, entry.file), { force: true });
      entries.delete(id);
    },
  };
}

async function readReport(path: string): Promise<Report | string> {
  try {
    const checked = check('Report', JSON.parse(await readFile(path, 'utf8')));
    return checked.ok ? checked.value : checked.fault;
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
