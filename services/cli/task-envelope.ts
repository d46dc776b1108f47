/**
 * The tracker's JSON envelope (`sv.v1`) and exit codes, so that prompts and scripts written for it read our
 * task lists. Pure.
 */
import type { TaskResult, TaskState, TaskView } from '../../schemas/index.ts';
import { isWaggleError, messageOf } from '../../shared/errors.ts';
import { exitCodeOf as plainExitCode } from './failure.ts';
import {
  iso,
  type TrackerRecord,
  type TrackerStatus,
  trackerRecord,
  trackerStatus,
} from './tracker-record.ts';

export interface OkEnvelope<D> {
  readonly schema_version: 'sv.v1';
  readonly command: string;
  readonly status: 'success';
  readonly data: D;
  readonly warnings: readonly string[];
  readonly next_steps: readonly string[];
}

/** 2: the request is wrong; 3: a rule forbids it; 4: it could not be carried out. */
export type TrackerExitCode = 2 | 3 | 4;

export interface ErrorEnvelope {
  readonly schema_version: 'sv.v1';
  readonly command: string;
  readonly status: 'error';
  readonly error: {
    readonly message: string;
    readonly code: TrackerExitCode;
    readonly kind: 'user_error' | 'policy_blocked' | 'operation_failed';
    readonly details: Readonly<Record<string, unknown>>;
  };
  readonly next_steps: readonly string[];
}

export interface Remarks {
  readonly warnings?: readonly string[];
  readonly nextSteps?: readonly string[];
}

/** Any success. `command` as it was typed (`task ready`). */
export function okEnvelope<D>(command: string, data: D, remarks: Remarks = {}): OkEnvelope<D> {
  return {
    schema_version: 'sv.v1',
    command,
    status: 'success',
    data,
    warnings: remarks.warnings ?? [],
    next_steps: remarks.nextSteps ?? [],
  };
}

/** A list, in the order of `views`; `total` counts more when the list was cut. */
export function listEnvelope(
  command: string,
  views: readonly TaskView[],
  options: Remarks & { readonly total?: number; readonly project?: string } = {},
): OkEnvelope<{ total: number; tasks: TrackerRecord[] }> {
  const tasks = views.map((view) => trackerRecord(view, options.project));
  return okEnvelope(command, { total: options.total ?? tasks.length, tasks }, options);
}

export function countEnvelope(command: string, total: number): OkEnvelope<{ total: number }> {
  return okEnvelope(command, { total });
}

/** A task after a change. `deferred`: the wish is recorded, and the committer has the task. */
export interface MovedTask {
  readonly id: string;
  readonly status: TrackerStatus;
  readonly state: TaskState;
  readonly deferred?: true;
}

/** After start, status, close and the like: the tracker's status, and ours. */
export function movedEnvelope(
  command: string,
  task: Pick<TaskResult, 'id' | 'state' | 'deferred'>,
  remarks: Remarks = {},
): OkEnvelope<MovedTask> {
  return okEnvelope(command, movedTask(task), remarks);
}

/** The answer's word for one task that was changed. */
export function movedTask({ id, state, deferred }: Pick<TaskResult, 'id' | 'state' | 'deferred'>): MovedTask {
  return { id, status: trackerStatus(state), state, ...(deferred === true ? { deferred } : {}) };
}

/** One task with what belongs to it. `events` as the caller has them, oldest first. */
export function showEnvelope(
  command: string,
  view: TaskView,
  options: Remarks & { readonly project?: string; readonly events?: readonly unknown[] } = {},
): OkEnvelope<{
  task: TrackerRecord;
  comments: { kind: string; created_at: string; body: string }[];
  relations: { parent?: string; deps: readonly string[]; blocked_by: readonly string[] };
  events: readonly unknown[];
}> {
  const { task, blocked_by } = view;
  const data = {
    task: trackerRecord(view, options.project),
    comments: task.attachments.map(({ kind, at, text }) => ({ kind, created_at: iso(at), body: text })),
    relations: { ...(task.parent === undefined ? {} : { parent: task.parent }), deps: task.deps, blocked_by },
    events: options.events ?? [],
  };
  return okEnvelope(command, data, options);
}

/** A refusal of the board, by its code. */
export function refusalEnvelope(
  command: string,
  refusal: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  },
  nextSteps: readonly string[] = [],
): ErrorEnvelope {
  const code = refusalExitCode(refusal.code);
  const details = { reason: refusal.code, ...refusal.details };
  return errorEnvelope(command, code, refusal.message, details, nextSteps);
}

/** Anything thrown; a refused query counts by its reason. */
export function failureEnvelope(command: string, error: unknown): ErrorEnvelope {
  if (!isWaggleError(error)) {
    const message = messageOf(error).replace(/^error: /, '');
    return errorEnvelope(command, plainExitCode(error) === 2 ? 2 : 4, message, {}, []);
  }
  const { reason, message: told, ...more } = error.details;
  if (error.code === 'refused' && typeof reason === 'string') {
    return refusalEnvelope(command, { code: reason, message: String(told), details: more });
  }
  const { hint, message: _, ...details } = error.details;
  const steps = typeof hint === 'string' ? [hint] : [];
  const named = { reason: error.code, ...details };
  return errorEnvelope(command, error.exitCode === 2 ? 2 : 4, error.message, named, steps);
}

/** The exit code for a refusal: one that the table doesn't have is the request's fault. */
export function refusalExitCode(code: string): TrackerExitCode {
  return Object.hasOwn(refusalCodes, code) ? (refusalCodes[code] ?? 2) : 2;
}

/** What each refusal of the board and of its queries means to the tracker; a test keeps it complete. */
export const refusalCodes: Readonly<Record<string, TrackerExitCode>> = {
  ambiguous: 2,
  'bad-until': 2,
  claimed: 2,
  'close-how': 2,
  cycle: 2,
  'duplicate-id': 2,
  'empty-edit': 2,
  ended: 2,
  'format-set': 2,
  held: 2,
  'id-reused': 2,
  'in-progress': 2,
  invalid: 2,
  'mail-unknown': 2,
  'no-lane': 2,
  'not-dead': 2,
  'not-open': 2,
  'stale-revision': 2,
  'unknown-dep': 2,
  'unknown-format': 2,
  'unknown-gate': 2,
  'unknown-lane': 2,
  'unknown-parent': 2,
  'unknown-profile': 2,
  'unknown-task': 2,
  blocked: 3,
  committing: 3,
  'gates-required': 3,
  'in-use': 3,
  'name-taken': 3,
  'needs-format': 3,
  'wrong-role': 3,
  internal: 4,
  'journal-unreadable': 4,
  'not-leading': 4,
  'too-large': 4,
  undecidable: 4,
};

const kinds = { 2: 'user_error', 3: 'policy_blocked', 4: 'operation_failed' } as const;

function errorEnvelope(
  command: string,
  code: TrackerExitCode,
  message: string,
  details: Readonly<Record<string, unknown>>,
  nextSteps: readonly string[],
): ErrorEnvelope {
  const error = { message, code, kind: kinds[code], details };
  return { schema_version: 'sv.v1', command, status: 'error', error, next_steps: nextSteps };
}
