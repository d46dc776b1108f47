/**
 * Query: questions about the board, answered by the leader from acked state only (`wg.<p>.query.<agent>`).
 */
import { Type } from 'typebox';
import { Budget, BudgetMark } from './budget.ts';
import {
  Count,
  Fence,
  Id,
  Line,
  List,
  Millis,
  Name,
  Quota,
  Strict,
  TaskId,
  Text,
  Usage,
  Version,
  Words,
} from './common.ts';
import { BoardConfig, LaneState, PoolStrategy } from './config.ts';
import { Batch } from './journal.ts';
import { Letter, MailSeq, Person } from './letter.ts';
import { RunRecord, Task, TaskState } from './task.ts';

const head = { v: Version };
export const Query = Type.Union([
  Strict({
    ...head,
    kind: Type.Literal('tasks'),
    states: Type.Optional(List(TaskState)),
    ready: Type.Optional(Type.Boolean()),
    ids: Type.Optional(List(TaskId)),
    after: Type.Optional(TaskId),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  }),
  Strict({ ...head, kind: Type.Literal('task'), id: Line }),
  Strict({ ...head, kind: Type.Literal('explain'), id: Line }),
  Strict({ ...head, kind: Type.Literal('counts') }),
  Strict({ ...head, kind: Type.Literal('status') }),
  Strict({ ...head, kind: Type.Literal('grants'), fences: List(Fence) }),
  Strict({
    ...head,
    kind: Type.Literal('runs'),
    task: Type.Optional(TaskId),
    agent: Type.Optional(Name),
    /** A run's id, its fence, or the start of its id. */
    run: Type.Optional(Line),
    live: Type.Optional(Type.Boolean()),
    /** Only fences below this one: the next page. */
    before: Type.Optional(Fence),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  }),
  /** By name; `after` is the last name of the page before. */
  Strict({ ...head, kind: Type.Literal('people'), after: Type.Optional(Name) }),
  /** Watched mails; by default all of them. `after`: only later ones, for the next page. */
  Strict({
    ...head,
    kind: Type.Literal('letters'),
    seqs: Type.Optional(List(MailSeq)),
    states: Type.Optional(List(Letter.properties.state)),
    after: Type.Optional(MailSeq),
  }),
  Strict({ ...head, kind: Type.Literal('profiles') }),
  /** What was used, by task, profile or day; `since`: only days from then on (not of tasks). `after`: the next page. */
  Strict({
    ...head,
    kind: Type.Literal('usage'),
    by: Words(['task', 'profile', 'day']),
    since: Type.Optional(Millis),
    after: Type.Optional(Line),
  }),
  Strict({
    ...head,
    kind: Type.Literal('journal'),
    after: Count,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  }),
]);
export type Query = Type.Static<typeof Query>;
export type QueryKind = Query['kind'];

/** A rule that holds a task back, or the word that nothing does. */
export const Reason = Strict({
  rule: Name,
  message: Text,
  tasks: Type.Optional(List(TaskId)),
});
export type Reason = Type.Static<typeof Reason>;

export const TaskView = Strict({
  task: Task,
  ready: Type.Boolean(),
  blocked_by: List(TaskId),
});
export type TaskView = Type.Static<typeof TaskView>;

/** A profile as the board knows it: its caps, what it does, and what keeps it from grants. */
export const ProfileView = Strict({
  name: Name,
  max_concurrency: Type.Optional(Count),
  weight: Type.Optional(Type.Number()),
  budget: Type.Optional(Budget),
  live: Count,
  cooldown_until: Type.Optional(Millis),
  /** Of the cooldown, or of why it is stopped. */
  reason: Type.Optional(Line),
  stopped: Type.Boolean(),
  /** The one machine that gets no grants of it: it works on others. */
  barred: Type.Optional(Line),
  /** Runs in a row that failed alike. */
  failures: Count,
  quota: Type.Optional(Quota),
  runs: Count,
  usage: Usage,
});
export type ProfileView = Type.Static<typeof ProfileView>;

export const PoolView = Strict({
  name: Name,
  strategy: PoolStrategy,
  profiles: Type.Array(Name),
  /** The profile that was granted last. */
  last: Type.Optional(Name),
});
export type PoolView = Type.Static<typeof PoolView>;

/** `key`: the task, the profile, or the day (UTC, `2026-03-01`). */
export const UsageRow = Strict({ key: Line, runs: Count, usage: Usage });
export type UsageRow = Type.Static<typeof UsageRow>;

const answer = { v: Version, term: Count, journal_seq: Count, genesis: Id };
export const QueryAnswer = Type.Union([
  Strict({
    ...answer,
    kind: Type.Literal('tasks'),
    tasks: Type.Array(TaskView),
    total: Count,
    next: Type.Optional(TaskId),
  }),
  Strict({ ...answer, kind: Type.Literal('task'), view: TaskView }),
  Strict({
    ...answer,
    kind: Type.Literal('explain'),
    id: TaskId,
    state: TaskState,
    reasons: Type.Array(Reason),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('counts'),
    states: Type.Record(Type.String(), Count),
    ready: Count,
    total: Count,
  }),
  Strict({
    ...answer,
    kind: Type.Literal('status'),
    project: Name,
    leader: Id,
    started_at: Millis,
    states: Type.Record(Type.String(), Count),
    ready: Count,
    total: Count,
    waiting: Strict({ task: Count, commit: Count }),
    grants: Type.Array(
      Strict({
        task: TaskId,
        kind: Words(['work', 'commit', 'manual']),
        fence: Fence,
        agent: Name,
        granted_at: Millis,
        run: Id,
        /** Grows with whatever happens to the task: progress mail, a checkpoint, an edit. */
        revision: Count,
        incarnation: Type.Optional(Id),
        nudged_at: Type.Optional(Millis),
      }),
    ),
    lanes: Type.Record(Name, LaneState),
    config: BoardConfig,
    refused: Type.Record(Type.String(), Count),
    mail_seq: Count,
    format: Type.Integer({ minimum: 1 }),
    /** Sequence of the newest verified snapshot. */
    snapshot_seq: Type.Optional(Count),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('grants'),
    ended: Type.Array(Strict({ fence: Fence, why: Line })),
    /** Runs of live grants that must be ended, and why: a budget is used up. */
    halt: Type.Optional(Type.Array(Strict({ fence: Fence, why: Line }))),
    /** The project's lease as it is now: an agent in a long run beats by it. */
    lease_ms: Type.Optional(Millis),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('runs'),
    /** Newest first. */
    runs: Type.Array(RunRecord),
    next: Type.Optional(Fence),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('people'),
    people: Type.Array(Person),
    /** Where the next page goes on; absent on the last. */
    next: Type.Optional(Name),
  }),
  /** By sequence. `total`: how many there are, whatever page this is. */
  Strict({
    ...answer,
    kind: Type.Literal('letters'),
    letters: Type.Array(Letter),
    total: Count,
    next: Type.Optional(MailSeq),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('profiles'),
    profiles: Type.Array(ProfileView),
    pools: Type.Array(PoolView),
    budgets: Type.Array(BudgetMark),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('usage'),
    rows: Type.Array(UsageRow),
    /** Of all rows, whatever page this is. */
    total: UsageRow,
    budgets: Type.Array(BudgetMark),
    next: Type.Optional(Line),
  }),
  Strict({
    ...answer,
    kind: Type.Literal('journal'),
    batches: Type.Array(Strict({ seq: Count, batch: Batch })),
    last: Count,
  }),
  Strict({
    ...answer,
    kind: Type.Literal('refused'),
    code: Name,
    message: Text,
    candidates: Type.Optional(Type.Array(TaskId)),
  }),
]);
export type QueryAnswer = Type.Static<typeof QueryAnswer>;
export type QueryAnswerOf<K extends QueryAnswer['kind']> = Extract<QueryAnswer, { kind: K }>;
