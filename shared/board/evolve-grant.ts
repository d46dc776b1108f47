/**
 * What the beginning and the end of grants do to the board, with what a task takes while it is under way: its load, its
 * path scopes, its place in the queue of submissions.
 *
 * Invariants: 1. a task has at most one live grant; 2. fences only grow. An event that would break them throws.
 */
import type { Attachment, EventOf, Grant, Task, TaskState } from '../../schemas/index.ts';
import { forgetTask } from './budgets.ts';
import { laneOf, setLane } from './lane-change.ts';
import { groupOf, type LoadKey } from './load.ts';
import { evolvePool } from './pools.ts';
import { countEnd } from './profiles.ts';
import { refreshTree } from './readiness.ts';
import { runBegan, runEnded, runSaved } from './run-records.ts';
import { type Board, isTerminal } from './state.ts';
import { change, withAttachment } from './task-change.ts';

/** What a live grant of the task counts as. */
export function loadKey(board: Board, task: Task, grant: Grant): LoadKey {
  const group = groupOf(board.config.policies, task.labels);
  return { lane: task.lane, profile: grant.profile, heavy: task.heavy ?? false, group };
}

/** A grant begins. */
export function grantTask(board: Board, task: Task, grant: Grant): void {
  if (task.grant !== undefined) throw new Error(`task ${task.id} has a live grant already (${grant.fence})`);
  if (grant.fence < board.nextFence) throw new Error(`fence ${grant.fence} was granted before`);
  const { submission } = task;
  const lane = laneOf(board, task.lane ?? '');
  if (grant.kind === 'commit') {
    if (submission === undefined) throw new Error(`task ${task.id} has no submission to commit`);
    if (lane.committing !== undefined) {
      throw new Error(`lane ${task.lane ?? ''} has a live commit grant already (${lane.committing})`);
    }
  }
  board.nextFence = grant.fence + 1;
  board.grants.set(grant.fence, task.id);
  if (grant.slot !== undefined && grant.number !== undefined) {
    board.agents
      .get(grant.agent)
      ?.slots.set(grant.slot, { number: grant.number, fence: grant.fence, task: task.id });
  }
  runBegan(board.runs, task.id, grant);
  board.ready.drop(task.id);
  const at = grant.granted_at;
  if (grant.kind === 'commit' && submission !== undefined) {
    setLane(board, task.lane ?? '', { ...lane, committing: grant.fence, unresolved: task.id });
    change(board, task, { state: 'committing', grant, submission: { ...submission, unresolved: true } }, at);
    return;
  }
  if (grant.kind === 'work') {
    if (grant.pool !== undefined && grant.profile !== undefined) {
      evolvePool(board, grant.pool, grant.profile);
    }
    board.load.begin(grant.fence, loadKey(board, task, grant), board.config.policies);
    if (submission === undefined) board.ready.scopes(task.lane ?? '').add(task.id, task.paths);
  }
  change(
    board,
    task,
    { state: 'claimed', grant, retry_at: undefined, started_at: at, started_by: grant.agent },
    at,
  );
}

/** A grant ends; the task goes where the event says. */
export function endGrant(board: Board, task: Task, event: EventOf<'grant_ended'>, at: number): void {
  const grant = task.grant;
  if (grant === undefined || grant.fence !== event.end.fence) {
    throw new Error(`grant ${event.end.fence} of task ${task.id} is not live`);
  }
  board.grants.delete(grant.fence);
  runEnded(board.runs, task, event, at);
  if (event.checkpoint !== undefined) runSaved(board.runs, grant.fence, event.checkpoint.number);
  board.chances += 1;
  const laneName = task.lane ?? '';
  if (grant.kind === 'work') {
    board.load.end(grant.fence);
    if (grant.profile !== undefined) countEnd(board, grant.profile, event, at);
  }
  if (grant.kind === 'commit') {
    const { committing: _, unresolved, ...lane } = laneOf(board, laneName);
    const stays = event.to === 'submitted' && event.submission?.unresolved !== false;
    setLane(board, laneName, { ...lane, ...(stays && unresolved !== undefined ? { unresolved } : {}) });
  }
  const submission = event.submission ?? (event.to === 'submitted' ? task.submission : undefined);
  const next = change(
    board,
    task,
    {
      state: event.to,
      grant: undefined,
      attempts: event.attempts,
      losses: event.losses,
      conflicts: event.conflicts,
      last_end: event.end,
      last_outcome: event.outcome ?? task.last_outcome,
      retry_at: event.retry_at,
      submission,
      attachments: withAttachment(task, event.attachment),
      // What was handed in or is done needs no continuing.
      checkpoint: hasMovedOn(event.to) ? undefined : (event.checkpoint ?? task.checkpoint),
      blocked_reason: event.to === 'blocked' || event.to === 'failed' ? event.reason : undefined,
      closing: event.closing,
      deferred: submission?.unresolved === true ? task.deferred : undefined,
    },
    at,
  );
  settle(board, next, at);
}

const hasMovedOn = (to: TaskState): boolean => to === 'submitted' || to === 'closed';

/** A run's tree was stored. */
export function saveTree(board: Board, task: Task, event: EventOf<'checkpointed'>, at: number): void {
  const { checkpoint, late, agent } = event;
  runSaved(board.runs, checkpoint.fence, checkpoint.number);
  if (!late) {
    change(board, task, { checkpoint }, at);
    return;
  }
  const text = `${agent} stored the tree of fence ${checkpoint.fence} after that grant had ended`;
  const attachment: Attachment = { kind: 'rescue', fence: checkpoint.fence, at, text, checkpoint };
  change(board, task, { attachments: withAttachment(task, attachment) }, at);
}

/** Brings scopes, submission queue and readiness to what a task's new state says. */
export function settle(board: Board, task: Task, at: number): void {
  const laneName = task.lane ?? '';
  if (task.state === 'submitted' || task.state === 'committing') {
    laneOf(board, laneName).waiting.add(task.id);
    // A work grant has brought its scope along, a grant by hand has not.
    board.ready.scopes(laneName).add(task.id, task.paths);
    board.commitIdle = false;
  } else {
    laneOf(board, laneName).waiting.delete(task.id);
    if (task.grant === undefined) {
      board.ready.scopes(laneName).remove(task.id, task.paths);
      board.ready.unpark(task.id);
    }
  }
  if (isTerminal(task)) forgetTask(board, task.id);
  refreshTree(board, task, at);
}
