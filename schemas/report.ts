/**
 * Reports: typed mails to the orchestrator about one grant. A report counts only while its grant is live
 * and task, fence, run and sender match; `committed`, `bounced` and `lane` only from a committer,
 * `takeover` and `stale` only from a stale-takeover service.
 */
import { type TProperties, Type } from 'typebox';
import {
  Commit,
  Count,
  Evidence,
  Fence,
  FileRef,
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
  Version,
  Words,
} from './common.ts';
import { Checkpoint } from './task.ts';

const grantReport = <const K extends string, T extends TProperties>(kind: K, properties: T) =>
  Strict({
    v: Version,
    kind: Type.Literal(kind),
    id: Id,
    task: TaskId,
    fence: Fence,
    run: Id,
    ...properties,
  });

/** Of a run that is over. */
const told = { usage: Type.Optional(Usage), run_note: Type.Optional(RunNote) };

/** The run's change set is stored and waits for the committer. */
export const Submitted = grantReport('submitted', {
  base: Commit,
  head: Commit,
  bundle: FileRef,
  message: Type.Optional(Text),
  ...told,
});
/** The run ended well without a change set. */
export const Done = grantReport('done', {
  outcome: Words(['completed', 'no_change']),
  note: Type.Optional(Text),
  evidence: Type.Optional(List(Evidence)),
  ...told,
});
/** The run cannot go on without somebody. */
export const Blocked = grantReport('blocked', {
  outcome: Words(['blocked', 'needs_input']),
  reason: Line,
  ...told,
});
/**
 * The run failed; `outcome` decides whether it counts as an attempt. `retry_at`: when a rate limit ends, as its harness
 * told.
 */
export const Failed = grantReport('failed', {
  outcome: Outcome,
  reason: Line,
  tail: Type.Optional(Type.String({ maxLength: 8192 })),
  evidence: Type.Optional(List(Evidence)),
  retry_at: Type.Optional(Millis),
  ...told,
});
/** A note about work in progress; ends nothing. */
export const Progress = grantReport('progress', { note: Text });
/** All that a run used, where its last report could not say it yet, or never came. Ends nothing. */
export const Used = grantReport('used', { usage: Usage });
/** The worker gives the task back (drain); counts nothing. */
export const Released = grantReport('released', {
  reason: Line,
  checkpoint: Type.Optional(Checkpoint),
  ...told,
});
/** The tree as it stands: by the owner of a live grant, or, after its end, a rescue. Ends nothing. */
export const Checkpointed = grantReport('checkpoint', { checkpoint: Checkpoint });
/** The change is in the lane's branch: `commit` moved the tip from `old` to `new`. */
export const Committed = grantReport('committed', {
  lane: Name,
  old: Commit,
  new: Commit,
  commit: Commit,
  subject: Line,
  found: Type.Boolean(),
  evidence: Type.Optional(List(Evidence)),
});
/** The committer could not commit the submission, and says why. */
export const Bounced = grantReport('bounced', {
  lane: Name,
  reason: Words(['conflict', 'gate', 'empty', 'bundle_missing', 'bundle_damaged', 'lane_moved', 'drained']),
  detail: Type.String({ maxLength: 8192 }),
  found: Type.Optional(Commit),
  evidence: Type.Optional(List(Evidence)),
});
/** A watcher says that the grant's owner is dead or makes no progress. */
export const Takeover = grantReport('takeover', {
  reason: Words(['dead', 'stale']),
  /** By the watcher's monotonic clock, since the last beat that listed the grant, or since its last progress. */
  silent_ms: Millis,
  /** The last sign of life it saw, for people. */
  last_sign: Type.Optional(Line),
});
/** A watcher sees an owner that is alive and makes no progress: the owner is to be nudged. Ends nothing. */
export const Stale = grantReport('stale', {
  silent_ms: Millis,
  last_sign: Type.Optional(Line),
});
/** A committer serves a lane and read its branch's tip, and where its fence stands, from the home. */
export const LaneTip = Strict({
  v: Version,
  kind: Type.Literal('lane'),
  id: Id,
  lane: Name,
  tip: Commit,
  fence_ref: Type.Optional(Count),
});

export const Report = Type.Union([
  Submitted,
  Done,
  Blocked,
  Failed,
  Progress,
  Used,
  Released,
  Committed,
  Bounced,
  Takeover,
  Stale,
  Checkpointed,
  LaneTip,
]);
export type Report = Type.Static<typeof Report>;
export type ReportKind = Report['kind'];
export type ReportOf<K extends ReportKind> = Extract<Report, { kind: K }>;

/** What became of a report. */
export const ReportAnswer = Strict({
  id: Id,
  status: Words(['accepted', 'refused']),
  code: Type.Optional(Name),
  message: Type.Optional(Text),
});
export type ReportAnswer = Type.Static<typeof ReportAnswer>;
