/**
 * A task as the tracker's record (`sv.v1`). Pure.
 *
 * 1. Fields of the tracker keep its names and meanings; ours are added, none is taken away.
 * 2. The tracker knows no `claimed`, `submitted` or `committing`: all are `in_progress`, with ours in `state`.
 */
import type { TaskState, TaskView } from '../../schemas/index.ts';

export type TrackerStatus = 'open' | 'in_progress' | 'closed' | 'blocked' | 'failed' | 'cancelled';

/** A task as the tracker shows it. Times are ISO with `Z`; absent means not so. */
export interface TrackerRecord {
  readonly id: string;
  readonly title: string;
  readonly status: TrackerStatus;
  readonly priority: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly created_by: string;
  readonly body?: string;
  readonly project?: string;
  readonly parent?: string;
  readonly started_at?: string;
  readonly started_by?: string;
  readonly closed_at?: string;
  readonly closed_by?: string;
  readonly comments_count: number;
  readonly last_comment_at?: string;
  readonly state: TaskState;
  readonly ready: boolean;
  readonly revision: number;
  readonly lane?: string;
  readonly attempts: number;
  readonly agent?: string;
  readonly fence?: number;
  readonly commit?: string;
  readonly blocked_reason?: string;
  readonly blocked_by: readonly string[];
  readonly deps: readonly string[];
  readonly labels: readonly string[];
}

/** The tracker's word for a state. */
export function trackerStatus(state: TaskState): TrackerStatus {
  return state === 'claimed' || state === 'submitted' || state === 'committing' ? 'in_progress' : state;
}

/** The tracker's record of a task. */
export function trackerRecord(view: TaskView, project?: string): TrackerRecord {
  const { task, ready, blocked_by } = view;
  const { grant, closing } = task;
  const lastAttachment = task.attachments.at(-1);
  return defined({
    id: task.id,
    title: task.title,
    status: trackerStatus(task.state),
    priority: task.priority,
    created_at: iso(task.created_at),
    updated_at: iso(task.updated_at),
    created_by: task.created_by,
    body: task.body,
    project,
    parent: task.parent,
    started_at: isoOrNone(task.started_at),
    started_by: task.started_by,
    closed_at: isoOrNone(closing?.at),
    closed_by: closing?.by,
    comments_count: task.attachments.length,
    last_comment_at: isoOrNone(lastAttachment?.at),
    state: task.state,
    ready,
    revision: task.revision,
    lane: task.lane,
    attempts: task.attempts,
    agent: grant?.agent,
    fence: grant?.fence,
    commit: closing?.commit,
    blocked_reason: task.blocked_reason,
    blocked_by,
    deps: task.deps,
    labels: task.labels,
  });
}

/** The last time that a date can be. */
const LAST_MS = 8_640_000_000_000_000;

/** Milliseconds since the epoch as ISO with `Z`; of what others said, so any number may come. */
export function iso(ms: number): string {
  return new Date(Math.min(ms, LAST_MS)).toISOString();
}

function isoOrNone(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : iso(ms);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without the keys that hold nothing. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
