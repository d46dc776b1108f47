/**
 * Removes what a predecessor that was killed left in its state directory: working trees, fetched bundles, half-taken
 * packs. Only whoever holds the directory's lock calls it, before the first claim. A git of the predecessor may still
 * run for a moment; trees have names of their own, so it disturbs nobody.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/errors.ts';
import { QUARANTINE } from '../../shared/git/bundle-import.ts';
import { pruneWorktrees } from '../../shared/git/worktree.ts';
import type { Log } from '../../shared/log.ts';
import { CLONE, LANES } from './lane-desk.ts';

/** Folder of the state directory that holds a folder for each commit under way. */
export const COMMITS = 'commits';

/** What cannot be removed is said and left. Rejects when the state directory cannot be read. */
export async function sweep(stateDir: string, log: Log): Promise<void> {
  const leftovers = (await namesIn(join(stateDir, COMMITS))).map((name) => join(stateDir, COMMITS, name));
  const clones = (await namesIn(join(stateDir, LANES))).map((name) => join(stateDir, LANES, name, CLONE));
  for (const clone of clones) {
    const halves = (await namesIn(join(clone, 'objects'))).filter((name) => name.startsWith(QUARANTINE));
    leftovers.push(...halves.map((name) => join(clone, 'objects', name)));
  }
  const saying = (what: string) => (error: unknown) =>
    log.warn({ what, reason: messageOf(error) }, 'a leftover of an earlier run stays');
  for (const path of leftovers) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(saying(path));
  }
  for (const clone of clones) {
    if ((await namesIn(join(clone, 'worktrees'))).length > 0)
      await pruneWorktrees(clone).catch(saying(clone));
  }
  if (leftovers.length > 0) log.info({ removed: leftovers.length }, 'removed what an earlier run left');
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
