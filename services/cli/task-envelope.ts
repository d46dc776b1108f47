/**
 * The tracker's JSON envelope (`sv.v1`) and exit codes, so that prompts and scripts written for it read our
 * task lists. Pure.
 */
import type { TaskState, TaskView } from '../../schemas/index.ts';
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

/** After start, status, close and the like: the tracker's status, and ours. */
export function movedEnvelope(
  command: string,
  task: { readonly id: string; readonly state: TaskState },
  remarks: Remarks = {},
): OkEnvelope<{ id: string; status: TrackerStatus; state: TaskState }> {
  const { id, state } = task;
  return okEnvelope(command, { id, status: trackerStatus(state), state }, remarks);
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

/** Anything thrown. */
export function failureEnvelope(command: string, error: unknown): ErrorEnvelope {
  if (!isWaggleError(error)) {
    return errorEnvelope(command, plainExitCode(error) === 2 ? 2 : 4, messageOf(error), {}, []);
  }
  const { hint, message: _, ...details } = error.details;
  const steps = typeof hint === 'string' ? [hint] : [];
  const named = { reason: error.code, ...details };
  return errorEnvelope(command, error.exitCode === 2 ? 2 : 4, error.message, named, steps);
}

/** The exit code for a refusal: what isn't known to be a rule's or a failure's is the request's fault. */
export function refusalExitCode(code: string): TrackerExitCode {
  if (forbidden.has(code)) return 3;
  return failed.has(code) ? 4 : 2;
}

const forbidden: ReadonlySet<string> = new Set([
  'blocked',
  'committing',
  'gates-required',
  'not-ready',
  'path-overlap',
  'wrong-role',
]);

const failed: ReadonlySet<string> = new Set(['internal', 'not-leading', 'too-large', 'unavailable']);

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
