/**
 * Where a run works: a fresh worktree of the lane at the tip its grant names, from the worker's mirror of the
 * lane's home, with what earlier tries left; for tasks without a lane an empty folder. State, prompts and logs live
 * outside of it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskGrant } from '../../schemas/index.ts';
import { addWorktree } from '../../shared/git/worktree.ts';
import type { RandomId } from '../../shared/random.ts';
import { bringEarlierWork, type EarlierWorkOptions } from './earlier-work.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import type { EarlierWork } from './prompt.ts';
import { RunTree, type WorkTree } from './run-tree.ts';
import { type TreeRecord, writeTreeRecord } from './tree-records.ts';

export interface Workspace {
  /** The folder the harness works in. */
  readonly tree: WorkTree;
  /** Folder of the run's own files: prompt, log, bundles. */
  readonly records: string;
  /** What earlier tries left; absent where a task has no lane. */
  readonly earlier?: EarlierWork;
}

export interface WorkspaceOptions extends EarlierWorkOptions {
  /** The worker's state directory. */
  readonly stateDir: string;
  /** `Place.state` of this worker. */
  readonly placeState: string;
  readonly mirrors: MirrorDesk;
  readonly randomId: RandomId;
}

/** The folders of a worker's runs: trees, and what belongs to them. */
export const workFolder = (stateDir: string, run = ''): string => join(stateDir, 'work', run);
export const recordsFolder = (stateDir: string, run = ''): string => join(stateDir, 'runs', run);

export async function openWorkspace(
  options: WorkspaceOptions,
  grant: TaskGrant,
  signal: AbortSignal,
): Promise<Workspace> {
  const { stateDir, mirrors, agent, randomId, placeState } = options;
  const folder = workFolder(stateDir, grant.run);
  const records = recordsFolder(stateDir, grant.run);
  await mkdir(records, { recursive: true, mode: 0o700 });
  await mkdir(workFolder(stateDir), { recursive: true, mode: 0o700 });
  const { lane, task, title, fence, run } = grant;
  const record: TreeRecord = {
    v: 1,
    task,
    title,
    fence,
    run,
    state: placeState,
    phase: 'preparing',
    checkpoints: 0,
  };
  const place = { folder, records, agent, randomId };
  if (lane === undefined) {
    await writeTreeRecord(records, record);
    await mkdir(folder, { recursive: true });
    const tree = new RunTree(record, place);
    await tree.ready([], undefined);
    return { tree, records };
  }
  const { mirror, commit: tip } = await mirrors.fetch(lane.home, {
    branch: lane.branch,
    base: lane.base,
    signal,
    ...(lane.tip === undefined ? {} : { tip: lane.tip }),
  });
  const { gitDir } = mirror;
  const made: TreeRecord = { ...record, git: { gitDir, base: tip, refs: [] } };
  await writeTreeRecord(records, made);
  try {
    await addWorktree(gitDir, { dir: folder, commit: tip, signal });
    const brought = await bringEarlierWork(options, grant, { gitDir, folder, tip, records }, signal);
    const tree = new RunTree(made, place);
    await tree.ready(brought.refs, brought.tree);
    return { tree, records, earlier: brought };
  } catch (error) {
    // No harness has run here; git forgets the tree with the next one that it removes.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
