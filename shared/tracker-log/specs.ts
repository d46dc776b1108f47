/**
 * The tracker's tasks as tasks to add here: which field becomes which, and which links cannot come along. Pure.
 *
 * Blockers are deps, `epic` and `project` labels, comments stand at the end of the body. A link to a task that is gone
 * is dropped, and so is one that would make tasks wait for each other in a circle: the tracker lets that be, the board
 * does not.
 */
import type { Expects, Priority, TaskSpec } from '../../schemas/index.ts';
import { INLINE_TEXT_LIMIT, LINE_LIMIT, LIST_LIMIT } from '../../schemas/limits.ts';
import { clip } from '../board/decision.ts';
import { findCycle } from '../board/graph.ts';
import { taskIdOf } from './names.ts';
import type { TrackerTask } from './records.ts';

/** A task to add, and what became of it in the tracker. */
export interface ImportedTask {
  readonly spec: TaskSpec;
  readonly status: string;
  /** Who had it last. */
  readonly starter: string | undefined;
  readonly closedAt: number | undefined;
  readonly closedBy: string | undefined;
}

export interface ImportPlan {
  readonly tasks: readonly ImportedTask[];
  /** Ids that cannot be ids here. */
  readonly bad_ids: readonly string[];
  /** Links that were dropped, as `a waits for b` or `a below b`. */
  readonly dropped: readonly string[];
}

export interface PlanOptions {
  readonly lane?: string;
  readonly expects?: Expects;
  /** Closed tasks wait until then, so that nobody takes one between its coming and its closing. */
  readonly closedNotBefore: number;
}

interface Draft {
  readonly task: TrackerTask;
  readonly id: string;
  readonly deps: string[];
  parent: string | undefined;
}

export function planImport(tasks: Iterable<TrackerTask>, options: PlanOptions): ImportPlan {
  const drafts = new Map<string, Draft>();
  const badIds: string[] = [];
  for (const task of tasks) {
    const id = taskIdOf(task.id);
    if (id === undefined || drafts.has(id)) badIds.push(task.id);
    else drafts.set(id, { task, id, deps: [], parent: undefined });
  }
  const dropped: string[] = [];
  for (const draft of drafts.values()) link(draft, drafts, dropped);
  breakCycles(drafts, dropped);
  return {
    tasks: [...drafts.values()].map((draft) => imported(draft, options)),
    bad_ids: badIds,
    dropped,
  };
}

function link(draft: Draft, drafts: ReadonlyMap<string, Draft>, dropped: string[]): void {
  for (const blocker of draft.task.blockers) {
    const dep = taskIdOf(blocker);
    if (dep === undefined || !drafts.has(dep) || draft.deps.length >= LIST_LIMIT) {
      dropped.push(`${draft.id} waits for ${blocker}`);
    } else draft.deps.push(dep);
  }
  if (draft.task.parent === undefined) return;
  const parent = taskIdOf(draft.task.parent);
  if (parent === undefined || !drafts.has(parent)) dropped.push(`${draft.id} below ${draft.task.parent}`);
  else draft.parent = parent;
}

/** Walks again until a walk finds none: one walk names a cycle once at most. */
function breakCycles(drafts: ReadonlyMap<string, Draft>, dropped: string[]): void {
  for (let isSound = false; !isSound; ) {
    isSound = true;
    const done = new Set<string>();
    for (const id of drafts.keys()) {
      const cycle = findCycle(id, (one) => drafts.get(one), done);
      if (cycle === undefined) continue;
      isSound = false;
      cut(cycle, drafts, dropped);
    }
  }
}

/** Cuts the last dep of the cycle, or its last parent where it is made of parents alone. */
function cut(cycle: readonly string[], drafts: ReadonlyMap<string, Draft>, dropped: string[]): void {
  const steps = cycle
    .slice(0, -1)
    .map((from, index) => ({ draft: drafts.get(from), to: cycle[index + 1] ?? '' }));
  const step = steps.findLast(({ draft, to }) => draft?.deps.includes(to)) ?? steps.at(-1);
  if (step?.draft === undefined) return;
  const { draft, to } = step;
  const at = draft.deps.indexOf(to);
  if (at >= 0) {
    draft.deps.splice(at, 1);
    dropped.push(`${draft.id} waits for ${to}`);
  } else {
    draft.parent = undefined;
    dropped.push(`${draft.id} below ${to}`);
  }
}

function imported({ task, id, deps, parent }: Draft, options: PlanOptions): ImportedTask {
  const { status, starter, closedAt, closedBy } = task;
  const body = bodyOf(task);
  const labels = [
    ...(task.epic === undefined ? [] : [clip(`epic:${task.epic}`, LINE_LIMIT)]),
    ...(task.project === undefined ? [] : [clip(`project:${task.project}`, LINE_LIMIT)]),
  ];
  const priority = priorityOf(task.priority);
  const spec: TaskSpec = {
    id,
    title: clip(task.title.trim() || id, LINE_LIMIT),
    ...(body === undefined ? {} : { body }),
    ...(priority === undefined ? {} : { priority }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(deps.length === 0 ? {} : { deps }),
    ...(parent === undefined ? {} : { parent }),
    ...(options.lane === undefined ? {} : { lane: options.lane }),
    ...(options.expects === undefined ? {} : { expects: options.expects }),
    ...(status === 'closed' ? { not_before: options.closedNotBefore } : {}),
  };
  return { spec, status, starter, closedAt, closedBy };
}

function bodyOf({ body, comments }: TrackerTask): string | undefined {
  if (comments === '') return body;
  const notes = `Comments in sv:${comments}`;
  return clip(body === undefined ? notes : `${body}\n\n${notes}`, INLINE_TEXT_LIMIT);
}

function priorityOf(text: string | undefined): Priority | undefined {
  const wanted = text?.trim().toUpperCase();
  return wanted !== undefined && /^P[0-4]$/.test(wanted) ? (wanted as Priority) : undefined;
}

/** What the board is told of a close that the tracker took. */
export function closeReason({ closedAt, closedBy }: ImportedTask): string {
  const by = closedBy === undefined ? '' : ` by ${closedBy.replaceAll(/\s+/g, ' ')}`;
  const at = closedAt === undefined ? '' : ` on ${new Date(closedAt).toISOString()}`;
  return clip(`closed in sv${by}${at}`, LINE_LIMIT);
}
