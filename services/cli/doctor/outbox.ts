/**
 * An agent's outbox on this machine: reports that cannot be read or were set aside, and bundles that are not what their
 * reports say. Reads only; the agent may be at work there meanwhile, so what goes away under the look is no fault.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileOf } from '../../../shared/agent/courier.ts';
import { readEntry } from '../../../shared/agent/outbox.ts';
import { describeFile } from '../../../shared/bus/files.ts';
import type { Fault } from './report.ts';

export interface OutboxSeen {
  /** Reports that wait to be delivered. */
  readonly waiting: number;
  readonly faults: readonly Fault[];
}

const FILES_MOST = 1_000;
const HASHED_BYTES = 64 * 1024 ** 2;

/** `folder`: the agent's state directory. */
export async function lookAtOutbox(folder: string): Promise<OutboxSeen> {
  const outbox = join(folder, 'outbox');
  const files = (await namesIn(outbox)).sort().slice(0, FILES_MOST);
  const faults: Fault[] = [];
  let waiting = 0;
  let hashed = 0;
  for (const name of files) {
    const path = join(outbox, name);
    const bundle = join(outbox, `${Number.parseInt(name, 10).toString().padStart(8, '0')}.bundle`);
    const hasBundle = files.includes(bundle.slice(outbox.length + 1));
    if (/\.(unreadable|undeliverable)$/.test(name)) {
      faults.push({
        status: 'warn',
        error: `${path} was set aside`,
        mend: mendOf(path, hasBundle ? bundle : undefined),
      });
    } else if (name.endsWith('.json')) {
      waiting += 1;
      const fault = await gone(async () => {
        const read = await readEntry(path);
        if (typeof read === 'string') return (await isThere(path)) ? `cannot be read: ${read}` : undefined;
        const wanted = fileOf(read.report);
        if (wanted === undefined) return undefined;
        hashed += hasBundle ? (await stat(bundle)).size : 0;
        if (!hasBundle || hashed > HASHED_BYTES) return undefined;
        const found = await describeFile(wanted.owner, bundle);
        if (found.sha256 === wanted.sha256) return undefined;
        return `names a bundle of ${wanted.sha256.slice(0, 12)}…, and ${bundle} hashes to ${found.sha256.slice(0, 12)}…`;
      });
      if (fault !== undefined)
        faults.push({
          status: 'fail',
          error: `${path} ${fault}`,
          mend: mendOf(path, hasBundle ? bundle : undefined),
        });
    }
  }
  const place = `${outbox}.last-mail`;
  const text = await gone(() => readFile(place, 'utf8'));
  if (text !== undefined && !/^[1-9]\d{0,15}$/.test(text)) {
    const mend = `nothing to do: the next report that is mailed writes ${place} anew`;
    faults.push({ status: 'warn', error: `${place} says no place in MAIL`, mend });
  }
  return { waiting, faults };
}

function mendOf(path: string, bundle: string | undefined): string {
  const work =
    bundle === undefined
      ? ''
      : `: \`git fetch ${bundle} '+refs/waggle/bundle/*:refs/heads/rescued/*'\` in the lane's repository brings its work there if it is whole`;
  return `the agent sets it aside when it starts, its task goes on elsewhere${work}; then remove ${path}`;
}

/** Undefined when the file went away meanwhile. */
async function gone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const isThere = async (path: string): Promise<boolean> => (await gone(() => stat(path))) !== undefined;

async function namesIn(folder: string): Promise<string[]> {
  return (await gone(() => readdir(folder))) ?? [];
}
