/**
 * `evolve`: what an event does to the board. Total, deterministic, without a clock: events carry results,
 * so folding the same journal gives the same board on every machine and in every version.
 *
 * Invariants: 1. a task has at most one live grant; 2. fences only grow; 3. every change of a task raises
 * its revision. A batch that would break 1 or 2 throws: such a journal must not be led on.
 */
import type { Attachment, Event, EventOf, Grant, Task, TaskPatch, TaskState } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { dropLettersAbove, evolveLetters } from './letters.ts';
import { groupOf, type LoadKey } from './load.ts';
import { evolveAgent, evolvePerson } from './people.ts';
import { passTime, refresh, refreshTree } from './readiness.ts';
import { runBegan, runEnded, runSaved } from './run-records.ts';
import { ANSWERS_KEPT, type Board, type LaneRecord } from './state.ts';

/** Advances the board by one event, in place. `at` is the journal time of its batch. */
export function evolve(board: Board, event: Event, at: number): Board {
  switch (event.type) {
    case 'genesis':
      board.genesis = event.genesis;
      board.project = event.project;
      return board;
    case 'led':
      board.term = event.term;
      board.leader = event.leader;
      return board;
    case 'configured':
      configure(board, event, at);
      return board;
    case 'answered':
      board.answers.set(event.command, event);
      for (const oldest of board.answers.keys()) {
        if (board.answers.size <= ANSWERS_KEPT) break;
        board.answers.delete(oldest);
      }
      return board;
    case 'task_added':
      addTask(board, event.task, at);
      return board;
    case 'task_edited':
      editTask(board, taskOf(board, event.task), event.patch, at);
      return board;
    case 'agent_seen':
      evolveAgent(board, event);
      return board;
    case 'granted':
      grantTask(board, taskOf(board, event.task), event.grant);
      return board;
    case 'grant_ended':
      endGrant(board, taskOf(board, event.task), event, at);
      return board;
    case 'commit_landed': {
      const lane = laneOf(board, event.lane);
      setLane(board, event.lane, { ...lane, tip: event.new, commits: lane.commits + 1 });
      return board;
    }
    case 'task_moved':
      moveTask(board, taskOf(board, event.task), event, at);
      return board;
    case 'verb_deferred': {
      const task = taskOf(board, event.task);
      change(board, task, { deferred: [...(task.deferred ?? []), event.deferred] }, at);
      return board;
    }
    case 'progressed': {
      const task = taskOf(board, event.task);
      const { nudged_at: _, ...grant } = task.grant ?? { nudged_at: 0 };
      const isLive = 'fence' in grant;
      change(board, task, { note: event.note, ...(isLive ? { grant } : {}) }, at);
      return board;
    }
    case 'lane_tip':
      board.chances += 1;
      board.nextFence = Math.max(board.nextFence, event.next_fence ?? 0);
      setLane(board, event.lane, { ...laneOf(board, event.lane), tip: event.tip, moved_to: undefined });
      return board;
    case 'lane_moved':
      setLane(board, event.lane, { ...laneOf(board, event.lane), moved_to: event.found });
      return board;
    case 'commit_idle':
      board.commitIdle = true;
      return board;
    case 'format':
      board.format = event.format;
      return board;
    case 'checkpointed':
      saveTree(board, taskOf(board, event.task), event, at);
      return board;
    case 'stale_seen': {
      const task = taskOf(board, event.task);
      if (task.grant?.fence !== event.fence)
        throw new Error(`grant ${event.fence} of ${task.id} is not live`);
      change(board, task, { grant: { ...task.grant, nudged_at: at } }, at);
      return board;
    }
    case 'attached': {
      const task = taskOf(board, event.task);
      change(board, task, { attachments: withAttachment(task, event.attachment) }, at);
      return board;
    }
    case 'continued':
      board.nextFence = Math.max(board.nextFence, event.next_fence ?? 0);
      dropLettersAbove(board.letters, event.mail_seq);
      return board;
    case 'registered':
    case 'status_set':
      evolvePerson(board.people, event, at);
      return board;
    case 'letter_posted':
    case 'letter_settled':
    case 'letter_delivered':
    case 'letter_overdue':
    case 'letter_dead':
    case 'letter_redelivered':
      evolveLetters(board.letters, event, at);
      return board;
    case 'taken_over':
      // Told for people: what it means for the board stands in the `grant_ended` that follows.
      return board;
    default:
      return assertNever(event);
  }
}

function taskOf(board: Board, id: string): Task {
  const task = board.tasks.get(id);
  if (task === undefined) throw new Error(`the journal names task ${id}, which was never added`);
  return task;
}

/** The lane's record; made on first use. */
export function laneOf(board: Board, name: string): LaneRecord {
  return board.lanes.get(name) ?? { commits: 0, waiting: new Set() };
}

type LaneChange = Omit<LaneRecord, 'tip' | 'moved_to'> & {
  tip?: string | undefined;
  moved_to?: string | undefined;
};

function setLane(board: Board, name: string, { tip, moved_to, ...rest }: LaneChange): void {
  board.lanes.set(name, {
    ...rest,
    ...(tip === undefined ? {} : { tip }),
    ...(moved_to === undefined ? {} : { moved_to }),
  });
}

/** Replaces fields of a task; `undefined` clears one. Callers refresh the ready index. */
function change(
  board: Board,
  task: Task,
  fields: { [K in keyof Task]?: Task[K] | undefined },
  at: number,
): Task {
  const next = { ...task, ...fields, revision: task.revision + 1, updated_at: at } as Task;
  for (const key of Object.keys(fields) as (keyof Task)[]) {
    if (next[key] === undefined) delete next[key];
  }
  board.tasks.set(task.id, next);
  if (task.state !== next.state) {
    count(board, task.state, -1);
    count(board, next.state, 1);
  }
  if ((task.state === 'closed') !== (next.state === 'closed')) {
    const closes = next.state === 'closed';
    for (const id of board.dependents.get(task.id) ?? []) {
      board.unmet.set(id, (board.unmet.get(id) ?? 0) + (closes ? -1 : 1));
      const dependent = board.tasks.get(id);
      if (dependent !== undefined) refreshTree(board, dependent, at);
    }
  }
  return next;
}

function count(board: Board, state: TaskState, by: number): void {
  board.counts.set(state, (board.counts.get(state) ?? 0) + by);
}

function configure(board: Board, event: EventOf<'configured'>, at: number): void {
  board.config = event.config;
  for (const name of Object.keys(event.config.lanes)) setLane(board, name, laneOf(board, name));
  // Weights and policies decide where a ready task stands and what is parked: arrange all of them again.
  board.ready.clear();
  for (const task of board.tasks.values()) if (task.state === 'open') refresh(board, task, at);
  board.chances += 1;
}

function addTask(board: Board, task: Task, at: number): void {
  if (board.tasks.has(task.id)) throw new Error(`task ${task.id} was added before`);
  board.tasks.set(task.id, task);
  board.ordinals.set(task.id, board.nextOrdinal);
  board.nextOrdinal += 1;
  count(board, task.state, 1);
  link(board, task);
  refreshTree(board, task, at);
}

function link(board: Board, task: Task): void {
  let unmet = 0;
  for (const dep of new Set(task.deps)) {
    index(board.dependents, dep).add(task.id);
    // A dep that is added later in the same batch counts as unmet from the start.
    if (board.tasks.get(dep)?.state !== 'closed') unmet += 1;
  }
  board.unmet.set(task.id, unmet);
  if (task.parent !== undefined) index(board.children, task.parent).add(task.id);
}

function unlink(board: Board, task: Task): void {
  for (const dep of task.deps) board.dependents.get(dep)?.delete(task.id);
  if (task.parent !== undefined) board.children.get(task.parent)?.delete(task.id);
}

function index(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<string>();
  sets.set(key, made);
  return made;
}

function editTask(board: Board, task: Task, patch: TaskPatch, at: number): void {
  unlink(board, task);
  const holds = board.ready.scopes(task.lane ?? '');
  const active = task.grant?.kind === 'work' || task.submission !== undefined;
  if (active) holds.remove(task.id, task.paths);
  const fields = Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [key, value === null ? undefined : value]),
  );
  const next = change(board, task, fields, at);
  if (active) {
    holds.add(task.id, next.paths);
    board.ready.unpark(task.id);
    board.chances += 1;
  }
  if (task.grant?.kind === 'work') board.load.change(task.grant.fence, loadKey(board, next, task.grant));
  link(board, next);
  refreshTree(board, next, at);
}

function loadKey(board: Board, task: Task, grant: Grant): LoadKey {
  const group = groupOf(board.config.policies, task.labels);
  return { lane: task.lane, profile: grant.profile, heavy: task.heavy ?? false, group };
}

function grantTask(board: Board, task: Task, grant: Grant): void {
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

function endGrant(board: Board, task: Task, event: EventOf<'grant_ended'>, at: number): void {
  const grant = task.grant;
  if (grant === undefined || grant.fence !== event.end.fence) {
    throw new Error(`grant ${event.end.fence} of task ${task.id} is not live`);
  }
  board.grants.delete(grant.fence);
  runEnded(board.runs, task, event, at);
  if (event.checkpoint !== undefined) runSaved(board.runs, grant.fence, event.checkpoint.number);
  board.chances += 1;
  const laneName = task.lane ?? '';
  if (grant.kind === 'work') board.load.end(grant.fence);
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

/** How many notes of earlier tries a task keeps: the newest. */
const ATTACHMENTS_KEPT = 10;

const withAttachment = (task: Task, fresh: Attachment | undefined): Attachment[] =>
  [...task.attachments, ...(fresh === undefined ? [] : [fresh])].slice(-ATTACHMENTS_KEPT);

const hasMovedOn = (to: TaskState): boolean => to === 'submitted' || to === 'closed';

function saveTree(board: Board, task: Task, event: EventOf<'checkpointed'>, at: number): void {
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
function settle(board: Board, task: Task, at: number): void {
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
  refreshTree(board, task, at);
}

function moveTask(board: Board, task: Task, event: EventOf<'task_moved'>, at: number): void {
  if (task.grant !== undefined)
    throw new Error(`task ${task.id} moved while grant ${task.grant.fence} is live`);
  const next = change(
    board,
    task,
    {
      state: event.to,
      submission: undefined,
      deferred: undefined,
      retry_at: undefined,
      closing: event.closing,
      blocked_reason: event.to === 'blocked' || event.to === 'failed' ? event.reason : undefined,
      blocked_on: event.blocked_on,
      ...(event.reset === true ? { attempts: 0, losses: 0, conflicts: 0 } : {}),
    },
    at,
  );
  board.chances += 1;
  settle(board, next, at);
}

/** Folds a whole batch: its events, then the passing of time. */
export function evolveBatch(
  board: Board,
  batch: { readonly at: number; readonly events: readonly Event[] },
): Board {
  for (const event of batch.events) evolve(board, event, batch.at);
  passTime(board, batch.at);
  return board;
}
