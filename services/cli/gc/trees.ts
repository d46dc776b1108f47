/**
 * What dead agents left on this machine: working trees, and the folders of their runs (prompt, log, bundles).
 *
 * 1. An agent's folder is touched only under its lock: where a worker runs, that worker tidies up itself.
 * 2. Nothing of an agent goes while its outbox holds something: bundles and trees may be all there is of it.
 * 3. A tree stays while it holds anything that is in no stored bundle, while its grant is live, and when its record is
 *    missing or was written elsewhere.
 */
import type { Dirent } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isWaggleError, messageOf } from '../../../shared/errors.ts';
import { dropRefs, isSaved, saveTree } from '../../../shared/git/checkpoint.ts';
import { removeWorktree } from '../../../shared/git/worktree.ts';
import { acquireStateLock, type StateLock } from '../../../shared/process/state-lock.ts';
import { randomId } from '../../../shared/random.ts';
import type { Freed } from './freed.ts';
import { readTreeRecord, type TreeRecord } from './tree-record.ts';

export interface TreesScope {
  /** `<root>/.waggle`. */
  readonly stateRoot: string;
  /** Ids of runs whose grants are live. */
  readonly liveRuns: ReadonlySet<string>;
  /** Run folders that were touched since then stay: milliseconds since the epoch. */
  readonly before: number;
  readonly isDry: boolean;
  readonly signal: AbortSignal;
}

interface Tally {
  readonly trees: { count: number; bytes: number; notes: string[] };
  readonly runs: { count: number; bytes: number; notes: string[] };
}

/** Goes through `<stateRoot>/agents`. */
export async function freeTrees(scope: TreesScope): Promise<Freed[]> {
  const tally: Tally = {
    trees: { count: 0, bytes: 0, notes: [] },
    runs: { count: 0, bytes: 0, notes: [] },
  };
  const agents = join(scope.stateRoot, 'agents');
  for (const { name } of (await entriesOf(agents)).filter((entry) => entry.isDirectory())) {
    scope.signal.throwIfAborted();
    await freeAgent(scope, name, join(agents, name), tally);
  }
  return [
    { kind: 'worktrees', ...tally.trees },
    { kind: 'runs', ...tally.runs },
  ];
}

async function freeAgent(scope: TreesScope, agent: string, folder: string, tally: Tally): Promise<void> {
  const trees = await entriesOf(join(folder, 'work'));
  const runs = await entriesOf(join(folder, 'runs'));
  if (trees.length === 0 && runs.length === 0) return;
  const lock = await lockOf(folder);
  if (typeof lock === 'string') {
    tally.trees.notes.push(`${agent}: left to itself, ${lock}`);
    return;
  }
  try {
    const unsent = (await entriesOf(join(folder, 'outbox'))).filter(({ name }) => name.endsWith('.json'));
    if (unsent.length > 0) {
      const what = unsent.length === 1 ? 'a report that was' : `${unsent.length} reports that were`;
      tally.trees.notes.push(
        `${agent}: left as it is, its outbox holds ${what} never delivered; start it once`,
      );
      return;
    }
    const kept = new Set<string>();
    for (const { name: run } of trees) {
      const why = await freeTree(scope, folder, run, lock, tally);
      if (why === undefined) continue;
      kept.add(run);
      tally.trees.notes.push(`${agent}: the tree of run ${run} stays, ${why}`);
    }
    for (const { name: run } of runs)
      if (!kept.has(run)) await freeRun(scope, join(folder, 'runs', run), run, tally);
  } finally {
    await lock.release();
  }
}

async function lockOf(folder: string): Promise<StateLock | string> {
  try {
    return await acquireStateLock(folder, { randomId });
  } catch (error) {
    if (isWaggleError(error, 'state-locked')) return `it runs as process ${String(error.details['pid'])}`;
    if (isWaggleError(error, 'state-foreign')) return `it belongs to host ${String(error.details['host'])}`;
    throw error;
  }
}

/** Why the tree stays; undefined when it is gone, or would be. */
async function freeTree(
  { liveRuns, isDry, signal }: TreesScope,
  agentFolder: string,
  run: string,
  { place }: StateLock,
  { trees }: Tally,
): Promise<string | undefined> {
  const folder = join(agentFolder, 'work', run);
  if (liveRuns.has(run)) return 'its grant is live';
  const record = await readTreeRecord(join(agentFolder, 'runs', run));
  if (record === undefined) return 'nothing is known of it';
  if (record.state !== place.state) return 'it was made in another folder, of which this is a copy';
  try {
    const why = await unsavedWork(folder, record, signal);
    if (why !== undefined) return why;
    const bytes = await sizeOf(folder);
    if (!isDry) await remove(folder, record);
    trees.count += 1;
    trees.bytes += bytes;
    return undefined;
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    return messageOf(error);
  }
}

async function unsavedWork(
  folder: string,
  { git, phase, savedTree }: TreeRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  // No harness ever ran there, or its removal had begun; a task without a lane has nothing to keep.
  if (git === undefined || phase !== 'running') return undefined;
  const author = { name: 'waggle', email: 'waggle@localhost' };
  const taken = await saveTree(folder, {
    base: git.base,
    message: 'unsaved',
    author,
    since: savedTree,
    signal,
  });
  if (isSaved(taken)) return 'it holds work that is stored nowhere';
  if (taken.skipped.length === 0) return undefined;
  return `it holds repositories that no bundle can: ${taken.skipped.slice(0, 3).join(', ')}`;
}

async function remove(folder: string, { git }: TreeRecord): Promise<void> {
  if (git === undefined) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  await removeWorktree(git.gitDir, folder);
  await dropRefs(git.gitDir, git.refs);
}

async function freeRun(
  { liveRuns, before, isDry }: TreesScope,
  folder: string,
  run: string,
  { runs }: Tally,
): Promise<void> {
  if (liveRuns.has(run) || (await touchedAt(folder)) >= before) return;
  runs.bytes += await sizeOf(folder);
  runs.count += 1;
  if (!isDry) await rm(folder, { recursive: true, force: true });
}

/** When it or anything directly in it was last written, milliseconds since the epoch. */
async function touchedAt(folder: string): Promise<number> {
  const paths = [folder, ...(await entriesOf(folder)).map(({ name }) => join(folder, name))];
  const times = await Promise.all(paths.map(async (path) => (await lstat(path)).mtimeMs));
  return Math.max(...times);
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await sizeOf(path);
    else bytes += (await lstat(path)).size;
  }
  return bytes;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
