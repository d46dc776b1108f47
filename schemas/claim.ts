/**
 * Claim: a worker or committer asks for work over `wg.<p>.claim.<agent>` and waits. The request id is
 * incarnation, slot and number; repeating it is always safe (DESIGN 2.2).
 */
import { Type } from 'typebox';
import { BudgetLimit } from './budget.ts';
import {
  Commit,
  Count,
  Fence,
  FileRef,
  GateName,
  Id,
  Line,
  List,
  Millis,
  Name,
  Strict,
  TaskId,
  Text,
  Version,
  Words,
} from './common.ts';
import { OFFERS_LIMIT } from './limits.ts';
import { Report, ReportAnswer } from './report.ts';
import { Attachment, Checkpoint, Expects, Submission } from './task.ts';

/** A profile that the asker can run now. */
export const Offer = Strict({ profile: Name, harness: Name });
export type Offer = Type.Static<typeof Offer>;

/**
 * What the asker can run. With `offers` the board chooses among them, by the strategy of `pool`; `profile` and
 * `harness` are then those of the first.
 */
export const Capabilities = Strict({
  profile: Name,
  harness: Name,
  os: Words(['linux', 'darwin']),
  repos: Type.Optional(List(Line)),
  labels: Type.Optional(List(Line)),
  lanes: Type.Optional(List(Name)),
  pool: Type.Optional(Name),
  offers: Type.Optional(Type.Array(Offer, { minItems: 1, maxItems: OFFERS_LIMIT })),
});
export type Capabilities = Type.Static<typeof Capabilities>;

/** Where an agent's process lives: same values mean that it holds the lock of the same state directory. */
export const Place = Strict({ host: Line, boot: Line, state: Id });
export type Place = Type.Static<typeof Place>;

export const Claim = Strict({
  v: Version,
  kind: Type.Literal('claim'),
  work: Words(['task', 'commit']),
  incarnation: Id,
  slot: Count,
  number: Type.Integer({ minimum: 1 }),
  holds: List(Fence),
  capabilities: Capabilities,
  place: Place,
  wait_ms: Type.Integer({ minimum: 0, maximum: 600_000 }),
  genesis: Type.Optional(Id),
  after_mail: Type.Optional(Count),
  /** Asks for nothing more: makes earlier claims of the slot void and brings the last report. */
  leaving: Type.Optional(Type.Boolean()),
  report: Type.Optional(Report),
});
export type Claim = Type.Static<typeof Claim>;

/** A gate as the board knows it: an argument vector or one line for `sh -c`. */
export const Gate = Strict({
  name: GateName,
  run: Type.Union([Line, Type.Array(Line, { minItems: 1, maxItems: 256 })]),
  timeout_ms: Millis,
});
export type Gate = Type.Static<typeof Gate>;

/** A lane as a grant names it. `tip` is the last commit the board knows on the lane's branch. */
export const LaneRef = Strict({
  name: Name,
  home: Line,
  base: Line,
  branch: Line,
  tip: Type.Optional(Commit),
});
export type LaneRef = Type.Static<typeof LaneRef>;

const grantHead = {
  fence: Fence,
  run: Id,
  task: TaskId,
  title: Line,
  lease_ms: Millis,
};

/** The right to work on a task, with everything the worker needs to begin. */
export const TaskGrant = Strict({
  kind: Type.Literal('work'),
  ...grantHead,
  body: Type.Optional(Text),
  body_file: Type.Optional(FileRef),
  expects: Expects,
  attempt: Type.Integer({ minimum: 1 }),
  lane: Type.Optional(LaneRef),
  gates: List(Gate),
  labels: List(Line),
  paths: List(Line),
  attachments: List(Attachment),
  note: Type.Optional(Text),
  checkpoint: Type.Optional(Checkpoint),
  /** The profile that the run uses. */
  profile: Type.Optional(Name),
  /** What the run may use: at 100 % it is ended. */
  budget: Type.Optional(BudgetLimit),
});
export type TaskGrant = Type.Static<typeof TaskGrant>;

/** The right to commit one submission in its lane. */
export const CommitGrant = Strict({
  kind: Type.Literal('commit'),
  ...grantHead,
  body: Type.Optional(Text),
  submission: Submission,
  lane: LaneRef,
  gates: List(Gate),
});
export type CommitGrant = Type.Static<typeof CommitGrant>;

const answerHead = {
  v: Version,
  term: Count,
  journal_seq: Count,
  genesis: Id,
  report: Type.Optional(ReportAnswer),
};

export const ClaimAnswer = Type.Union([
  Strict({
    ...answerHead,
    kind: Type.Literal('granted'),
    grant: Type.Union([TaskGrant, CommitGrant]),
  }),
  Strict({ ...answerHead, kind: Type.Literal('nothing') }),
  Strict({
    ...answerHead,
    kind: Type.Literal('ended'),
    fence: Fence,
    why: Line,
  }),
  Strict({
    ...answerHead,
    kind: Type.Literal('refused'),
    code: Name,
    message: Text,
    retryable: Type.Boolean(),
  }),
]);
export type ClaimAnswer = Type.Static<typeof ClaimAnswer>;
export type AnyGrant = TaskGrant | CommitGrant;
