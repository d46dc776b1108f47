/**
 * The journal: batches of events, the only truth about tasks. Events carry results, so that `evolve`
 * never changes meaning; an unknown event forbids leading.
 */
import { type TProperties, Type } from 'typebox';
import { BudgetMark } from './budget.ts';
import { Place } from './claim.ts';
import { TaskResult } from './command.ts';
import {
  Commit,
  Count,
  Fence,
  Id,
  Line,
  Millis,
  Name,
  Outcome,
  Quota,
  RunNote,
  Strict,
  TaskId,
  Text,
  Usage,
  Version,
  Words,
} from './common.ts';
import { BoardConfig } from './config.ts';
import { Letter, MailSeq } from './letter.ts';
import { ReceiptState } from './mail.ts';
import {
  Attachment,
  Checkpoint,
  Closing,
  Deferred,
  Grant,
  GrantEnd,
  Submission,
  Task,
  TaskPatch,
} from './task.ts';

const event = <const K extends string, T extends TProperties>(type: K, properties: T) =>
  Strict({ type: Type.Literal(type), ...properties });

/** First event of every journal. */
export const Genesis = event('genesis', { genesis: Id, project: Name });
/** A leader begins; `term` grows by one each time, and by a leap where a part of the journal was lost. */
export const Led = event('led', {
  leader: Id,
  term: Type.Integer({ minimum: 1 }),
});
export const Configured = event('configured', {
  by: Name,
  config: BoardConfig,
});
/** A command took effect; its answer is kept so that a second copy gets the same one. */
export const Answered = event('answered', {
  command: Id,
  by: Name,
  kind: Name,
  tasks: Type.Optional(Type.Array(TaskResult)),
  warnings: Type.Optional(Type.Array(Line)),
});
export const TaskAdded = event('task_added', { task: Task });
export const TaskEdited = event('task_edited', {
  task: TaskId,
  by: Name,
  patch: TaskPatch,
});
/** A grant begins: `claimed` for work and manual grants, `committing` for commit grants. */
export const Granted = event('granted', { task: TaskId, grant: Grant });
/** An agent's new incarnation was accepted; the old one is never accepted again. */
export const AgentSeen = event('agent_seen', {
  agent: Name,
  incarnation: Id,
  place: Place,
});
/**
 * A grant ended. `to` is the state the task goes to; the counters and times are the results.
 */
export const GrantEnded = event('grant_ended', {
  task: TaskId,
  agent: Name,
  end: GrantEnd,
  to: Words(['open', 'submitted', 'closed', 'blocked', 'failed', 'cancelled']),
  attempts: Count,
  losses: Count,
  conflicts: Count,
  outcome: Type.Optional(Outcome),
  retry_at: Type.Optional(Millis),
  submission: Type.Optional(Submission),
  attachment: Type.Optional(Attachment),
  reason: Type.Optional(Line),
  closing: Type.Optional(Closing),
  checkpoint: Type.Optional(Checkpoint),
});
/** The lane's branch moved by our commit; follows the `grant_ended` it belongs to. */
export const CommitLanded = event('commit_landed', {
  task: TaskId,
  lane: Name,
  old: Commit,
  new: Commit,
  commit: Commit,
  subject: Line,
  by: Name,
  found: Type.Boolean(),
});
/** A task without a live grant changes state by an operator's verb or a dep's end. */
export const TaskMoved = event('task_moved', {
  task: TaskId,
  by: Name,
  to: Words(['open', 'closed', 'blocked', 'failed', 'cancelled']),
  why: Words(['close', 'block', 'reopen', 'retry', 'cancel', 'dep_ended']),
  reason: Type.Optional(Line),
  reset: Type.Optional(Type.Boolean()),
  blocked_on: Type.Optional(TaskId),
  closing: Type.Optional(Closing),
});
export const VerbDeferred = event('verb_deferred', {
  task: TaskId,
  deferred: Deferred,
});
export const Progressed = event('progressed', {
  task: TaskId,
  fence: Fence,
  agent: Name,
  note: Text,
});
/** `next_fence`: the lane's fence stood higher than ours, from an earlier project; ours go on above it (format 2). */
export const LaneTipSeen = event('lane_tip', {
  lane: Name,
  tip: Commit,
  by: Name,
  next_fence: Type.Optional(Fence),
});
export const LaneMoved = event('lane_moved', {
  lane: Name,
  expected: Type.Optional(Commit),
  found: Commit,
  by: Name,
});
/** The queue of submissions ran empty with a committer waiting. */
export const CommitIdle = event('commit_idle', { agent: Name });
/** From here on the journal may hold the kinds of events of this format; see `shared/board/format.ts`. */
export const FormatSet = event('format', { format: Type.Integer({ minimum: 1 }), by: Name });
/** A tree was stored; `late` says that its grant had ended, so that it is attached and never preferred. */
export const Checkpointed = event('checkpointed', {
  task: TaskId,
  agent: Name,
  run: Id,
  checkpoint: Checkpoint,
  late: Type.Boolean(),
});
/** The grant's owner is alive and makes no progress; the announcement is its nudge. */
export const StaleSeen = event('stale_seen', {
  task: TaskId,
  fence: Fence,
  agent: Name,
  by: Name,
  silent_ms: Millis,
});
/** Why a grant was taken from its owner; goes before the `grant_ended` it belongs to. */
export const TakenOver = event('taken_over', {
  task: TaskId,
  fence: Fence,
  agent: Name,
  by: Name,
  reason: Words(['dead', 'stale']),
  silent_ms: Millis,
  last_sign: Type.Optional(Line),
});
/** Something for the next try to read. */
export const Attached = event('attached', { task: TaskId, by: Name, attachment: Attachment });
/**
 * A stream is not what the journal last saw: the leader (MAIL) or an operator (JOURNAL) goes on from here. `mail_seq`
 * is what counts as consumed from now on; `next_fence` lies above every fence that a lost part of the journal may have
 * given, and the next grant gets it.
 */
export const Continued = event('continued', {
  by: Name,
  reason: Line,
  mail_seq: Count,
  next_fence: Type.Optional(Fence),
});
/** An agent's name is in use by `identity` (format 3, as all below). */
export const Registered = event('registered', { agent: Name, identity: Line, host: Type.Optional(Line) });
/** What an agent says of itself; absent: nothing any more. */
export const StatusSet = event('status_set', {
  agent: Name,
  text: Type.Optional(Line),
  host: Type.Optional(Line),
});
/** A mail whose delivery is watched: to an agent, or with an acknowledgement asked for. */
export const LetterPosted = event('letter_posted', { letter: Letter });
/** Delivered where that is all, or acknowledged: no longer watched. */
export const LetterSettled = event('letter_settled', { seq: MailSeq, by: Name, state: ReceiptState });
/** Delivered, and still to be acknowledged. */
export const LetterDelivered = event('letter_delivered', { seq: MailSeq, by: Name });
/** Nobody acknowledged it in time; the letter as it is from here on, because announcements are made of events alone. */
export const LetterOverdue = event('letter_overdue', { letter: Letter });
/**
 * Nobody by that name was ever seen, or not for so long; without `unseen_ms` too many letters wait, and this is the
 * oldest of them.
 */
export const LetterDead = event('letter_dead', { letter: Letter, unseen_ms: Type.Optional(Millis) });
/** Watched anew, or done with because a copy went to somebody else. */
export const LetterRedelivered = event('letter_redelivered', {
  seq: MailSeq,
  by: Name,
  copy: Type.Boolean(),
});
/** A profile gets no grants before `until`: its account is at a limit (format 4, as all below). */
export const ProfileCooled = event('profile_cooled', {
  profile: Name,
  by: Name,
  until: Millis,
  reason: Line,
});
/**
 * A profile gets no grants until somebody says that it may again. `host`: that machine alone gets none of it, until an
 * agent is started anew there; it works on others.
 */
export const ProfileStopped = event('profile_stopped', {
  profile: Name,
  by: Name,
  reason: Line,
  host: Type.Optional(Line),
});
export const ProfileResumed = event('profile_resumed', { profile: Name, by: Name });
/** How much of a profile's allowance is used, as a harness told. */
export const ProfileQuota = event('profile_quota', { profile: Name, quota: Quota });
/** What a live grant's run has used so far; counts from what was told before. */
export const RunUsed = event('run_used', {
  task: TaskId,
  fence: Fence,
  agent: Name,
  profile: Type.Optional(Name),
  usage: Usage,
});
/** A run as its worker noted it; goes before the `grant_ended` it belongs to. `usage` is all that it used. */
export const RunRecorded = event('run_recorded', {
  task: TaskId,
  fence: Fence,
  run: Id,
  agent: Name,
  profile: Type.Optional(Name),
  usage: Type.Optional(Usage),
  note: Type.Optional(RunNote),
});
/** A budget is used up to a level that it had not reached before. */
export const BudgetReached = event('budget_reached', { mark: BudgetMark });
export const Event = Type.Union([
  Genesis,
  Led,
  Configured,
  Answered,
  TaskAdded,
  TaskEdited,
  Granted,
  AgentSeen,
  GrantEnded,
  CommitLanded,
  TaskMoved,
  VerbDeferred,
  Progressed,
  LaneTipSeen,
  LaneMoved,
  CommitIdle,
  FormatSet,
  Checkpointed,
  StaleSeen,
  TakenOver,
  Attached,
  Continued,
  Registered,
  StatusSet,
  LetterPosted,
  LetterSettled,
  LetterDelivered,
  LetterOverdue,
  LetterDead,
  LetterRedelivered,
  ProfileCooled,
  ProfileStopped,
  ProfileResumed,
  ProfileQuota,
  RunUsed,
  RunRecorded,
  BudgetReached,
]);
export type Event = Type.Static<typeof Event>;
export type EventOf<K extends Event['type']> = Extract<Event, { type: K }>;

/**
 * One journal message. `predecessor` is the id of the batch before it (absent on the first), `mail_seq` the
 * MAIL sequence consumed so far, `last_mail` the id of the newest outgoing mail known to be stored, `streams`
 * the creation times by which a re-created stream is noticed, `mail_at` the server's time of the consumed MAIL
 * message, by which a stream that was cut and grew again is noticed.
 */
export const Batch = Strict({
  v: Version,
  id: Id,
  predecessor: Type.Optional(Id),
  term: Count,
  at: Millis,
  mail_seq: Count,
  mail_at: Type.Optional(Millis),
  last_mail: Type.Optional(Id),
  streams: Type.Record(Type.String({ minLength: 1 }), Line),
  events: Type.Array(Event),
});
export type Batch = Type.Static<typeof Batch>;
