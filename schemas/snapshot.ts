/**
 * Snapshots of the board on SNAPSHOTS: what a start takes instead of folding the journal from its beginning (DESIGN
 * 2.1). A snapshot is a series of parts, each encoded by itself; their bytes travel in pieces on the subject of the
 * snapshot's batch, and a manifest, written once the pieces were read back, makes them count. A part is a message of
 * its own kind, which stands in the bytes of its pieces.
 */
import { Type } from 'typebox';
import { BudgetMark } from './budget.ts';
import {
  Count,
  Fence,
  Id,
  Line,
  Millis,
  Name,
  Outcome,
  Quota,
  Strict,
  TaskId,
  Usage,
  Version,
} from './common.ts';
import { BoardConfig, LaneState } from './config.ts';
import { AgentSeen, Answered } from './journal.ts';
import { Letter, Person } from './letter.ts';
import { SHA256_PATTERN } from './limits.ts';
import { RunRecord, Task } from './task.ts';

const AgentImage = Strict({
  name: Name,
  incarnation: Id,
  place: AgentSeen.properties.place,
  ended: Type.Array(Id),
  slots: Type.Array(
    Strict({ slot: Count, number: Type.Integer({ minimum: 1 }), fence: Fence, task: TaskId }),
  ),
});
const LaneImage = Strict({
  name: Name,
  ...LaneState.properties,
  /** Submissions, oldest first. */
  waiting: Type.Array(TaskId),
  committing: Type.Optional(Fence),
  unresolved: Type.Optional(TaskId),
});

/** What the board remembers of a profile besides its configuration. */
export const ProfileImage = Strict({
  name: Name,
  cooldown_until: Type.Optional(Millis),
  reason: Type.Optional(Line),
  stopped: Type.Boolean(),
  /** Runs in a row that failed alike, and how. */
  failures: Count,
  failing: Type.Optional(Outcome),
  /** The machine that all of them were on; absent: on several. */
  failing_on: Type.Optional(Line),
  /** The one machine that gets no grants of it. */
  barred: Type.Optional(Line),
  quota: Type.Optional(Quota),
  /** When that was told. */
  quota_at: Type.Optional(Millis),
});
/** Whose turn it was last, and what each profile has had. */
export const PoolImage = Strict({
  name: Name,
  last: Type.Optional(Name),
  shares: Type.Array(Strict({ profile: Name, share: Type.Number({ minimum: 0 }) })),
});
/** What a profile's runs used on a day (UTC, `2026-03-01`). */
export const UsageImage = Strict({ day: Line, profile: Name, runs: Count, usage: Usage });

/**
 * A part of the board. The head comes first and says how many of each there are; what can be derived (grants, counts,
 * readiness, scopes, loads) is not there.
 */
const parts = [
  Strict({
    v: Version,
    kind: Type.Literal('head'),
    genesis: Id,
    project: Name,
    format: Type.Integer({ minimum: 1 }),
    term: Count,
    leader: Id,
    config: BoardConfig,
    next_fence: Fence,
    next_ordinal: Type.Integer({ minimum: 1 }),
    commit_idle: Type.Boolean(),
    /** What each weighted label has had, and what one that is new starts from. */
    shares: Type.Array(Strict({ label: Type.String(), share: Type.Number({ minimum: 0 }) })),
    floor: Type.Number({ minimum: 0 }),
    agents: Type.Array(AgentImage),
    lanes: Type.Array(LaneImage),
    /** Dependents of a task where their order is not that of their age: they were edited. */
    dependents: Type.Array(Strict({ task: TaskId, order: Type.Array(TaskId) })),
    tasks: Count,
    answers: Count,
    runs: Count,
    people: Type.Optional(Type.Array(Person)),
    profiles: Type.Optional(Type.Array(ProfileImage)),
    pools: Type.Optional(Type.Array(PoolImage)),
    usage: Type.Optional(Type.Array(UsageImage)),
    budgets: Type.Optional(Type.Array(BudgetMark)),
    letters: Type.Optional(Count),
  }),
  Strict({
    v: Version,
    kind: Type.Literal('tasks'),
    tasks: Type.Array(Strict({ ordinal: Type.Integer({ minimum: 1 }), task: Task })),
  }),
  Strict({ v: Version, kind: Type.Literal('answers'), answers: Type.Array(Answered) }),
  Strict({ v: Version, kind: Type.Literal('runs'), runs: Type.Array(RunRecord) }),
  Strict({ v: Version, kind: Type.Literal('letters'), letters: Type.Array(Letter) }),
] as const;

/** Where the board of a snapshot stood in its journal, as the batch at `journal_seq` says. */
const standing = {
  journal_seq: Type.Integer({ minimum: 1 }),
  batch: Id,
  at: Millis,
  mail_seq: Count,
  mail_at: Type.Optional(Millis),
  last_mail: Type.Optional(Id),
  streams: Type.Record(Type.String({ minLength: 1 }), Line),
  /** The mails of all batches up to this sequence are stored. */
  announced: Count,
};

/**
 * `piece` (on `wg.<p>.snapshot.<journal_seq>`): bytes of a part; `ends` says that the part is whole with them.
 * `manifest` (on `wg.<p>.snapshot.0`): the pieces with that id were read back, `sha256` is that of their bytes.
 */
export const Snapshot = Type.Union([
  ...parts,
  Strict({
    v: Version,
    kind: Type.Literal('piece'),
    id: Id,
    n: Count,
    ends: Type.Boolean(),
    data: Type.Unsafe<Uint8Array>(Type.Any()),
  }),
  Strict({
    v: Version,
    kind: Type.Literal('manifest'),
    id: Id,
    ...standing,
    genesis: Id,
    format: Type.Integer({ minimum: 1 }),
    /** Where its pieces begin in the stream. */
    first_seq: Type.Integer({ minimum: 1 }),
    pieces: Type.Integer({ minimum: 1 }),
    size_bytes: Count,
    sha256: Type.String({ pattern: SHA256_PATTERN }),
  }),
]);
export type ProfileImage = Type.Static<typeof ProfileImage>;
export type UsageImage = Type.Static<typeof UsageImage>;
export type Snapshot = Type.Static<typeof Snapshot>;
export type SnapshotManifest = Extract<Snapshot, { kind: 'manifest' }>;
export type SnapshotPiece = Extract<Snapshot, { kind: 'piece' }>;
export type SnapshotPart = Exclude<Snapshot, { kind: 'manifest' | 'piece' }>;
export type SnapshotPartOf<K extends SnapshotPart['kind']> = Extract<SnapshotPart, { kind: K }>;
