/**
 * The task: what a person or agent submits (TaskSpec), how it may be changed (TaskPatch), and the record
 * the board keeps and shows (Task).
 */
import { Type } from 'typebox';
import {
  Commit,
  Count,
  Evidence,
  Fence,
  FileRef,
  GateName,
  Id,
  Line,
  List,
  Millis,
  Name,
  Outcome,
  RunNote,
  Strict,
  TaskId,
  Text,
  Usage,
  Words,
} from './common.ts';

export const Priority = Words(['P0', 'P1', 'P2', 'P3', 'P4']);
export type Priority = Type.Static<typeof Priority>;

export const TaskState = Words([
  'open',
  'claimed',
  'submitted',
  'committing',
  'closed',
  'blocked',
  'failed',
  'cancelled',
]);
export type TaskState = Type.Static<typeof TaskState>;

/** What a worker must have to run a task; labels must all be among the worker's. */
export const Requires = Strict({
  harness: Type.Optional(Name),
  profile: Type.Optional(Name),
  os: Type.Optional(Words(['linux', 'darwin'])),
  repo: Type.Optional(Line),
  labels: Type.Optional(List(Line)),
});
export type Requires = Type.Static<typeof Requires>;

/** Whether a run of the task should end in a change of the repository. */
export const Expects = Words(['change', 'none', 'any']);
export type Expects = Type.Static<typeof Expects>;

/** Relative path or folder of a repository; `src/a.ts` and `src` overlap. */
const PathScope = Type.String({
  pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$)).{1,1024}$',
});

const editable = {
  title: Line,
  body: Type.Optional(Text),
  body_file: Type.Optional(FileRef),
  priority: Type.Optional(Priority),
  labels: Type.Optional(List(Line)),
  deps: Type.Optional(List(TaskId)),
  parent: Type.Optional(TaskId),
  lane: Type.Optional(Name),
  paths: Type.Optional(List(PathScope)),
  requires: Type.Optional(Requires),
  gates: Type.Optional(List(GateName)),
  expects: Type.Optional(Expects),
  heavy: Type.Optional(Type.Boolean()),
  not_before: Type.Optional(Millis),
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
};

/** A task as it is submitted. Defaults: priority P2, expects `change` when it has a lane. */
export const TaskSpec = Strict({ id: TaskId, ...editable });
export type TaskSpec = Type.Static<typeof TaskSpec>;

/** Fields an operator may change; an absent key leaves the field as it is, `null` clears it. */
export const TaskPatch = Strict({
  title: Type.Optional(Line),
  body: Type.Optional(Type.Union([Text, Type.Null()])),
  body_file: Type.Optional(Type.Union([FileRef, Type.Null()])),
  priority: Type.Optional(Priority),
  labels: Type.Optional(List(Line)),
  deps: Type.Optional(List(TaskId)),
  parent: Type.Optional(Type.Union([TaskId, Type.Null()])),
  paths: Type.Optional(List(PathScope)),
  gates: Type.Optional(List(GateName)),
  requires: Type.Optional(Type.Union([Requires, Type.Null()])),
  heavy: Type.Optional(Type.Boolean()),
  not_before: Type.Optional(Type.Union([Millis, Type.Null()])),
  max_attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
});
export type TaskPatch = Type.Static<typeof TaskPatch>;

/** A live right on a task. `manual` is a person's: no lease, no slot. */
export const Grant = Strict({
  kind: Words(['work', 'commit', 'manual']),
  fence: Fence,
  agent: Name,
  run: Id,
  incarnation: Type.Optional(Id),
  slot: Type.Optional(Count),
  number: Type.Optional(Count),
  profile: Type.Optional(Name),
  granted_at: Millis,
  /** When its owner was told that nothing moves. */
  nudged_at: Type.Optional(Millis),
  /** The pool whose turn it was. */
  pool: Type.Optional(Name),
  /** What its run has used so far, as last told. */
  used: Type.Optional(Usage),
});
export type Grant = Type.Static<typeof Grant>;

/** A finished change set that waits for the committer; `unresolved` once a commit grant existed for it. */
export const Submission = Strict({
  run: Id,
  fence: Fence,
  agent: Name,
  base: Commit,
  head: Commit,
  bundle: FileRef,
  message: Type.Optional(Text),
  submitted_at: Millis,
  unresolved: Type.Boolean(),
});
export type Submission = Type.Static<typeof Submission>;

/**
 * A run's tree as it stood at some moment: the bundle holds `base..head`. The newest is that of the highest fence,
 * then of the highest number.
 */
export const Checkpoint = Strict({
  fence: Fence,
  number: Type.Integer({ minimum: 1 }),
  base: Commit,
  head: Commit,
  file: FileRef,
});
export type Checkpoint = Type.Static<typeof Checkpoint>;

/**
 * Something that an earlier try leaves for the next one to read. A `rescue` is the tree of a grant that had ended:
 * there to be looked at, never built upon by itself.
 */
export const Attachment = Strict({
  kind: Words(['failure', 'gate', 'conflict', 'bundle', 'loss', 'answer', 'operator', 'rescue']),
  fence: Type.Optional(Fence),
  at: Millis,
  text: Type.String({ maxLength: 8192 }),
  checkpoint: Type.Optional(Checkpoint),
});
export type Attachment = Type.Static<typeof Attachment>;

/** An operator's wish that waits until the committer says what stands in the branch (DESIGN 2.4). */
export const Deferred = Strict({
  verb: Words(['cancel', 'close', 'retry', 'edit']),
  by: Name,
  at: Millis,
  reason: Type.Optional(Line),
  patch: Type.Optional(TaskPatch),
});
export type Deferred = Type.Static<typeof Deferred>;

/** How a task ended well. */
export const Closing = Strict({
  how: Words(['committed', 'reported', 'operator']),
  by: Name,
  at: Millis,
  commit: Type.Optional(Commit),
  note: Type.Optional(Line),
  evidence: Type.Optional(List(Evidence)),
});
export type Closing = Type.Static<typeof Closing>;

/** The report that ended the last grant, so that a second copy of it gets the same answer. */
export const GrantEnd = Strict({
  fence: Fence,
  run: Id,
  why: Words([
    'submitted',
    'done',
    'blocked',
    'failed',
    'released',
    'committed',
    'bounced',
    'takeover',
    'cancelled',
    'closed',
    'reopened',
    'restarted',
    'unlisted',
  ]),
  report: Type.Optional(Id),
});
export type GrantEnd = Type.Static<typeof GrantEnd>;

/** One grant as the board remembers it: who had what, from when to when, and how it ended. */
export const RunRecord = Strict({
  fence: Fence,
  run: Id,
  task: TaskId,
  kind: Words(['work', 'commit', 'manual']),
  agent: Name,
  profile: Type.Optional(Name),
  granted_at: Millis,
  ended_at: Type.Optional(Millis),
  why: Type.Optional(GrantEnd.properties.why),
  /** The report that ended it. */
  report: GrantEnd.properties.report,
  outcome: Type.Optional(Outcome),
  to: Type.Optional(TaskState),
  reason: Type.Optional(Line),
  /** Number of the newest tree that was stored: a run numbers its trees from 1. */
  checkpoints: Count,
  /** The commit that holds this run's change. */
  commit: Type.Optional(Commit),
  pool: Type.Optional(Name),
  usage: Type.Optional(Usage),
  /** What decided the outcome's class. */
  because: Type.Optional(Line),
  harness: RunNote.properties.harness,
  model: RunNote.properties.model,
  mode: RunNote.properties.mode,
  prompt_sha256: RunNote.properties.prompt_sha256,
  session: RunNote.properties.session,
});
export type RunRecord = Type.Static<typeof RunRecord>;

/** The board's whole record of a task. */
export const Task = Strict({
  ...editable,
  id: TaskId,
  priority: Priority,
  labels: List(Line),
  deps: List(TaskId),
  paths: List(PathScope),
  gates: List(GateName),
  expects: Expects,
  state: TaskState,
  revision: Count,
  created_at: Millis,
  updated_at: Millis,
  created_by: Name,
  attempts: Count,
  losses: Count,
  conflicts: Count,
  retry_at: Type.Optional(Millis),
  grant: Type.Optional(Grant),
  submission: Type.Optional(Submission),
  last_end: Type.Optional(GrantEnd),
  last_outcome: Type.Optional(Outcome),
  note: Type.Optional(Text),
  checkpoint: Type.Optional(Checkpoint),
  attachments: List(Attachment),
  deferred: Type.Optional(List(Deferred)),
  blocked_reason: Type.Optional(Line),
  blocked_on: Type.Optional(TaskId),
  closing: Type.Optional(Closing),
  started_at: Type.Optional(Millis),
  started_by: Type.Optional(Name),
  /** What all its runs have used. */
  used: Type.Optional(Usage),
  /** That of `used` which its budget does not count: from before a person opened it again. */
  used_before: Type.Optional(Usage),
});
export type Task = Type.Static<typeof Task>;
