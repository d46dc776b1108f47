/**
 * What earlier tries at a task left, brought into a fresh tree: the newest checkpoint becomes uncommitted changes,
 * rescued trees become refs to look at. Whatever cannot be had is said, and the run goes on without it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, TaskGrant } from '../../schemas/index.ts';
import { isTransient } from '../../shared/bus/board-client.ts';
import { getFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import type { Clock } from '../../shared/clock.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import { applyTree, checkpointRef, keepAsRef, rescueRef } from '../../shared/git/checkpoint.ts';
import type { Log } from '../../shared/log.ts';
import type { EarlierWork, Resumed } from './prompt.ts';

export interface EarlierWorkOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A fresh worktree and the repository it belongs to. */
export interface FreshTree {
  readonly gitDir: string;
  readonly folder: string;
  readonly tip: string;
  /** Folder for what is fetched. */
  readonly records: string;
}

export interface Brought extends EarlierWork {
  /** Refs that were made. */
  readonly refs: readonly string[];
  /** What the tree holds of a stored checkpoint; absent: nothing. */
  readonly tree?: string;
}

const RETRY_MS = 500;
/** How often somebody who refuses is asked again: a service that fails now may not fail later. */
const REFUSED_TRIES = 20;
/** The newest rescues that are fetched; older ones are only named. */
const RESCUES_FETCHED = 3;
/** How long a rescue may be waited for: unlike a checkpoint it is only there to be looked at. */
const RESCUE_WAIT_MS = 10_000;

/** Rejects only when the signal aborts or git itself fails. */
export async function bringEarlierWork(
  options: EarlierWorkOptions,
  grant: Pick<TaskGrant, 'task' | 'checkpoint' | 'attachments'>,
  tree: FreshTree,
  signal: AbortSignal,
): Promise<Brought> {
  const refs: string[] = [];
  const rescues = new Map<number, { ref: string } | { reason: string }>();
  const saved = grant.attachments.flatMap(({ checkpoint }) => checkpoint ?? []);
  for (const checkpoint of saved.slice(-RESCUES_FETCHED)) {
    const ref = rescueRef(checkpoint.fence);
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(RESCUE_WAIT_MS)]);
    const fault = await fetchTo(options, tree, checkpoint, ref, inTime).catch((error: unknown) => {
      signal.throwIfAborted();
      return messageOf(error);
    });
    if (fault === undefined) refs.push(ref);
    rescues.set(checkpoint.fence, fault === undefined ? { ref } : { reason: fault });
  }
  if (grant.checkpoint === undefined) return { refs, rescues };
  const { checkpoint, task } = { checkpoint: grant.checkpoint, task: grant.task };
  const ref = checkpointRef(checkpoint.fence);
  const fault = await fetchTo(options, tree, checkpoint, ref, signal);
  if (fault !== undefined) {
    options.log.warn({ task, fence: checkpoint.fence, fault }, 'a checkpoint cannot be used');
    return { refs, rescues, resumed: { kind: 'lost', reason: fault } };
  }
  const { base, head } = checkpoint;
  const applied = await applyTree(tree.gitDir, tree.folder, { base, head, tip: tree.tip }, signal);
  const resumed: Resumed =
    applied.status === 'applied' ? { kind: 'in-tree', ref } : { kind: 'conflict', ref, files: applied.files };
  options.log.info(
    { task, fence: checkpoint.fence, number: checkpoint.number, how: resumed.kind },
    'resumed',
  );
  return {
    refs: [...refs, ref],
    rescues,
    resumed,
    ...(applied.status === 'applied' ? { tree: applied.tree } : {}),
  };
}

/** Brings a checkpoint's bundle into the repository under `ref`; a sentence when it cannot be had. */
async function fetchTo(
  { swarm, project, agent, clock, log }: EarlierWorkOptions,
  { gitDir, records }: FreshTree,
  { fence, base, head, file: stored }: Checkpoint,
  ref: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reader = createReader(swarm, project, agent);
  const file = join(records, `earlier-${fence}.bundle`);
  for (let refusals = 0; ; ) {
    try {
      await getFile(reader, stored, file, signal);
      return await keepAsRef(gitDir, ref, { base, head, file }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isWaggleError(error)) throw error;
      if (!isTransient(error)) {
        const isGone = error.code === 'file-absent' || error.code === 'file-damaged';
        refusals += 1;
        if (isGone || refusals > REFUSED_TRIES) return error.message;
      }
      log.debug({ fence, reason: messageOf(error) }, 'earlier work cannot be fetched yet');
      await clock.sleep(RETRY_MS, signal);
    } finally {
      await rm(file, { force: true });
    }
  }
}
