/**
 * Decides an operator's verbs on one task: edit, start, close, block, reopen, retry, cancel,
 * answer.
 *
 * Once a commit grant existed for a submission, cancel, close, retry and edits are only recorded until a
 * committer says what stands in the branch; committed wins (DESIGN 2.4).
 */
import type { Command, CommandOf, Event, Grant, Task, TaskPatch } from '../../schemas/index.ts';
import { LINE_LIMIT } from '../../schemas/limits.ts';
import { assertNever } from '../errors.ts';
import { followUps } from './decide-claim.ts';
import { type Answer, clip, type Decision, refused } from './decision.ts';
import { blockedBy, consequences, failedDep, freed } from './dep-end.ts';
import { type EndFields, ended } from './grant-end.ts';
import { findCycle, type Links } from './graph.ts';
import { entryOf } from './lookup.ts';
import { heldAncestor } from './readiness.ts';
import { type Board, isTerminal, isUnresolved } from './state.ts';

/** The commands about one task that is on the board. */
export type Verb = Exclude<Extract<Command, { task: string }>, { kind: 'add' }>;

/** The events of the verb; the caller adds the answer. An empty list means that nothing had to change. */
export function decideVerb(board: Board, from: string, command: Verb, now: number): Decision<Answer> {
  const task = board.tasks.get(command.task);
  if (task === undefined) return refused('unknown-task', `there is no task ${command.task}`);
  if (command.revision !== undefined && command.revision < task.revision) {
    return refused(
      'stale-revision',
      `${task.id} has changed: you saw revision ${command.revision}, it is at ${task.revision}; look again`,
    );
  }
  switch (command.kind) {
    case 'edit':
      return edit(board, from, task, command, now);
    case 'start':
      return start(board, from, task, command, now);
    case 'close':
      return close(board, from, task, command, now);
    case 'block':
      return block(from, task, command);
    case 'reopen':
      return reopen(board, from, task, command);
    case 'retry':
      return retry(board, from, task, command, now);
    case 'cancel':
      return cancel(board, from, task, command, now);
    case 'answer':
      return answer(board, from, task, command, now);
    default:
      return assertNever(command);
  }
}

const ok = (events: readonly Event[]): Decision<Answer> => ({ events, answer: { status: 'ok' } });

const because = (reason: string | undefined): { reason?: string } => (reason === undefined ? {} : { reason });

function defer(
  task: Task,
  from: string,
  now: number,
  verb: 'cancel' | 'close' | 'retry' | 'edit',
  more: { reason?: string; patch?: TaskPatch },
): Decision<Answer> {
  if ((task.deferred?.length ?? 0) >= DEFERRED_KEPT) {
    return refused(
      'committing',
      `${task.id} is with the committer, and ${DEFERRED_KEPT} wishes wait already`,
    );
  }
  return ok([{ type: 'verb_deferred', task: task.id, deferred: { verb, by: from, at: now, ...more } }]);
}

/** How many wishes a task keeps while it is with the committer. */
const DEFERRED_KEPT = 100;

/** Ends the live grant, or moves a task that has none. */
function finish(
  board: Board,
  task: Task,
  from: string,
  why: 'cancelled' | 'closed',
  fields: EndFields,
): Decision<Answer> {
  const { grant } = task;
  if (grant !== undefined) {
    const event = ended(task, grant, why, fields);
    return ok([event, ...followUps(board, event)]);
  }
  const move: Event = {
    type: 'task_moved',
    task: task.id,
    by: from,
    to: why,
    why: why === 'closed' ? 'close' : 'cancel',
    ...because(fields.reason),
    ...(fields.closing === undefined ? {} : { closing: fields.closing }),
  };
  return ok([move, ...consequences(board, new Map([[task.id, why]]))]);
}

function edit(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'edit'>,
  now: number,
): Decision<Answer> {
  const patch = withoutRepeats(command.patch);
  if (Object.keys(patch).length === 0) return refused('empty-edit', 'the edit names no field to change');
  if (isTerminal(task)) return refused('ended', `${task.id} is ${task.state}; reopen it before editing`);
  const unknown = patch.gates?.find((gate) => entryOf(board.config.gates, gate) === undefined);
  if (unknown !== undefined) return refused('unknown-gate', `gate ${unknown} is not configured`);
  const relinks = patch.deps !== undefined || patch.parent !== undefined;
  if (isUnresolved(task) || task.state === 'committing') {
    if (relinks) {
      return refused(
        'committing',
        `${task.id} is with the committer; change its deps or parent when it is done`,
      );
    }
    return defer(task, from, now, 'edit', { patch });
  }
  if (relinks && task.grant !== undefined) {
    return refused(
      'claimed',
      `${task.id} is held by ${task.grant.agent}; its deps and parent cannot change now`,
    );
  }
  const problem = relinks ? linkProblem(board, task, patch) : undefined;
  if (problem !== undefined) return problem;
  const move = patch.deps === undefined ? [] : depsAfterEdit(board, task, patch.deps);
  return ok([{ type: 'task_edited', task: task.id, by: from, patch }, ...move]);
}

/** Lists that are sets say everything once. */
const withoutRepeats = ({ deps, gates, ...rest }: TaskPatch): TaskPatch => ({
  ...rest,
  ...(deps === undefined ? {} : { deps: [...new Set(deps)] }),
  ...(gates === undefined ? {} : { gates: [...new Set(gates)] }),
});

function linkProblem(board: Board, task: Task, patch: TaskPatch): Decision<Answer> | undefined {
  const links: Links = {
    deps: patch.deps ?? task.deps,
    parent: patch.parent === null ? undefined : (patch.parent ?? task.parent),
  };
  for (const id of [...(patch.deps ?? []), ...(patch.parent == null ? [] : [patch.parent])]) {
    if (!board.tasks.has(id)) return refused('unknown-dep', `${id} is not a task`);
  }
  const cycle = findCycle(task.id, (id) => (id === task.id ? links : board.tasks.get(id)));
  return cycle && refused('cycle', `deps and parents would form a cycle: ${cycle.join(' -> ')}`);
}

/** New deps may block the task, or free one that a dep had blocked. */
function depsAfterEdit(board: Board, task: Task, deps: readonly string[]): Event[] {
  const failed = failedDep(board, deps);
  const isDepBlocked = task.state === 'blocked' && task.blocked_on !== undefined;
  if (failed === undefined) return isDepBlocked ? [freed(task.id)] : [];
  const isStillOn = task.blocked_on !== undefined && deps.includes(task.blocked_on);
  if (task.state !== 'open' && !(isDepBlocked && !isStillOn)) return [];
  return [blockedBy(task.id, failed, board.tasks.get(failed)?.state)];
}

function start(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'start'>,
  now: number,
): Decision<Answer> {
  if (task.grant !== undefined) {
    if (task.grant.agent === from && task.grant.kind === 'manual') return ok([]);
    const who = `${task.id} is in progress by ${task.grant.agent} (fence ${task.grant.fence})`;
    if (task.grant.kind !== 'manual') return refused('held', `${who}; cancel or wait for it`);
    if (command.takeover !== true) return refused('held', `${who}; use --takeover to transfer ownership`);
    const end = ended(task, task.grant, 'takeover', { to: 'open' });
    return ok([end, manualGrant(board, from, task, now)]);
  }
  if (task.state !== 'open') {
    return refused(
      task.state === 'blocked' ? 'blocked' : 'not-open',
      `${task.id} is ${task.state}; reopen it first`,
    );
  }
  const waitsFor = task.deps.filter((dep) => board.tasks.get(dep)?.state !== 'closed');
  if (waitsFor.length > 0) return refused('blocked', `${task.id} waits for ${waitsFor.join(', ')}`);
  const ancestor = heldAncestor(board, task);
  if (ancestor !== undefined)
    return refused('blocked', `${task.id} lies below ${ancestor.id}, which is blocked`);
  return ok([manualGrant(board, from, task, now)]);
}

function manualGrant(board: Board, from: string, task: Task, now: number): Event {
  const fence = board.nextFence;
  const grant: Grant = {
    kind: 'manual',
    fence,
    agent: from,
    run: `${board.genesis}-${fence}`,
    granted_at: now,
  };
  return { type: 'granted', task: task.id, grant };
}

function close(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'close'>,
  now: number,
): Decision<Answer> {
  if (task.state === 'closed') return ok([]);
  if (task.state === 'cancelled' || task.state === 'failed') {
    return refused('ended', `${task.id} is ${task.state}; reopen it before closing`);
  }
  if (task.grant?.kind === 'manual' && task.grant.agent !== from) {
    return refused('held', `${task.id} is in progress by ${task.grant.agent}; only they close it`);
  }
  if ((command.commit === undefined) === (command.no_change !== true)) {
    return refused('close-how', 'say how it was done: --commit HASH, or --no-change');
  }
  if (command.commit !== undefined && task.gates.length > 0 && command.waive_gates === undefined) {
    return refused(
      'gates-required',
      `${task.id} requires ${task.gates.join(', ')}, which nobody ran on ${command.commit}; say --waive-gates WHY`,
    );
  }
  const waived = command.waive_gates === undefined ? [] : [`gates waived: ${command.waive_gates}`];
  const why = [...(command.reason === undefined ? [] : [command.reason]), ...waived];
  if (isUnresolved(task)) {
    // A wish has no place for the commit, and what the operator says must not get lost.
    const how = command.commit === undefined ? [] : [`closed with commit ${command.commit}`];
    return defer(task, from, now, 'close', because(joined([...how, ...why])));
  }
  const note = joined(why);
  return finish(board, task, from, 'closed', {
    to: 'closed',
    closing: {
      how: 'operator',
      by: from,
      at: now,
      ...(command.commit === undefined
        ? { note: note ?? 'closed without change' }
        : { commit: command.commit }),
      ...(note === undefined ? {} : { note }),
    },
  });
}

const joined = (parts: readonly string[]): string | undefined =>
  parts.length === 0 ? undefined : clip(parts.join('; '), LINE_LIMIT);

function block(from: string, task: Task, command: CommandOf<'block'>): Decision<Answer> {
  // What a dep had blocked would open by itself when the dep comes back; from now on a person opens it.
  if (task.state === 'blocked' && task.blocked_on === undefined) return ok([]);
  if (isTerminal(task)) return refused('ended', `${task.id} is ${task.state}`);
  if (isUnresolved(task)) {
    return refused('committing', `${task.id} is with the committer; it can be cancelled, not blocked`);
  }
  if (task.grant !== undefined) {
    return ok([ended(task, task.grant, 'blocked', { to: 'blocked', reason: command.reason })]);
  }
  const { reason } = command;
  return ok([{ type: 'task_moved', task: task.id, by: from, to: 'blocked', why: 'block', reason }]);
}

function reopen(board: Board, from: string, task: Task, command: CommandOf<'reopen'>): Decision<Answer> {
  if (task.state === 'open') return ok([]);
  if (task.grant?.kind === 'manual') {
    if (task.grant.agent !== from) return refused('held', `${task.id} is in progress by ${task.grant.agent}`);
    const event = ended(task, task.grant, 'reopened', { to: 'open' });
    return ok([event, ...followUps(board, event)]);
  }
  if (task.state !== 'blocked' && !isTerminal(task)) {
    return refused('in-progress', `${task.id} is ${task.state}; cancel it, or wait`);
  }
  return comeBack(board, task, from, 'reopen', command.reason);
}

/** Attached for the next try; a task that waits for the answer opens. */
function answer(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'answer'>,
  now: number,
): Decision<Answer> {
  if (isTerminal(task)) {
    return refused('ended', `${task.id} is ${task.state}; retry or reopen it, then it takes answers again`);
  }
  const attachment = { kind: 'answer', at: now, text: clip(command.text, 8_000) } as const;
  const attached: Event = { type: 'attached', task: task.id, by: from, attachment };
  if (task.state !== 'blocked' || task.blocked_on !== undefined) return ok([attached]);
  const back = comeBack(board, task, from, 'reopen', undefined);
  return back.answer.status === 'refused' ? back : ok([attached, ...back.events]);
}

function retry(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'retry'>,
  now: number,
): Decision<Answer> {
  if (task.state === 'closed') return refused('ended', `${task.id} is closed; reopen it to do it again`);
  if (task.state === 'claimed')
    return refused('in-progress', `${task.id} is being worked on; cancel it first`);
  if (isUnresolved(task)) return defer(task, from, now, 'retry', because(command.reason));
  return comeBack(board, task, from, 'retry', command.reason);
}

/** Opens a task that was not under way, unless what it needs has left the configuration meanwhile. */
function comeBack(
  board: Board,
  task: Task,
  by: string,
  why: 'reopen' | 'retry',
  reason: string | undefined,
): Decision<Answer> {
  const { lanes, gates } = board.config;
  if (task.lane !== undefined && entryOf(lanes, task.lane) === undefined) {
    return refused('unknown-lane', `${task.id} is in lane ${task.lane}, which is not configured any more`);
  }
  const gone = task.gates.find((gate) => entryOf(gates, gate) === undefined);
  if (gone !== undefined) {
    return refused('unknown-gate', `${task.id} requires gate ${gone}, which is not configured any more`);
  }
  const move: Event = {
    type: 'task_moved',
    task: task.id,
    by,
    to: 'open',
    why,
    reset: true,
    ...because(reason),
  };
  return ok([move, ...consequences(board, new Map([[task.id, 'open']]))]);
}

function cancel(
  board: Board,
  from: string,
  task: Task,
  command: CommandOf<'cancel'>,
  now: number,
): Decision<Answer> {
  if (task.state === 'cancelled') return ok([]);
  if (task.state === 'closed') return refused('ended', `${task.id} is closed`);
  if (isUnresolved(task)) return defer(task, from, now, 'cancel', because(command.reason));
  return finish(board, task, from, 'cancelled', { to: 'cancelled', ...because(command.reason) });
}
