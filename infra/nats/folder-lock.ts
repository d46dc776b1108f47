/**
 * One supervisor a folder: a lock file that names the process holding it, and dies with that process.
 *
 * 1. The file appears whole (a hard link of a finished draft), so nobody reads half a lock.
 * 2. A holder is alive only while its pid is still the process that wrote it, so neither a reboot nor a pid
 *    used again keeps a folder locked.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { WaggleError } from '../../shared/errors.ts';
import { processIdentity } from './process-table.ts';

interface Holder {
  readonly pid: number;
  readonly identity: string;
}

export interface FolderLock {
  release(): Promise<void>;
}

/** Takes the lock file `path`. Errors: `state-locked` when a living process holds it. */
export async function lockFolder(folder: string, path: string): Promise<FolderLock> {
  const identity = (await processIdentity(process.pid)) ?? '';
  const text = JSON.stringify({ pid: process.pid, identity, nonce: randomUUID() });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    while (!(await tryLink(draft, path))) await clearDead(folder, path);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    release: async () => {
      if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path, { force: true });
    },
  };
}

async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead process's lock; throws when its holder lives. */
async function clearDead(folder: string, path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && (await processIdentity(holder.pid)) === holder.identity) {
    throw new WaggleError('state-locked', { folder, pid: holder.pid });
  }
  // Someone faster may have put a new lock there since: what was moved aside tells.
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, 'utf8').catch(() => undefined);
  if (moved !== undefined && moved !== text) await tryLink(aside, path);
  await rm(aside, { force: true });
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, identity } = value as Partial<Holder>;
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : undefined;
  } catch {
    return undefined;
  }
}
