/**
 * Commands: what operators and agents ask the board to do, over `wg.<p>.command.<agent>`; idempotent by
 * id, answered after the PubAck.
 */
import { type TProperties, Type } from 'typebox';
import { Commit, Count, Id, Line, Millis, Name, Strict, TaskId, Text, Version, Words } from './common.ts';
import { BoardConfig } from './config.ts';
import { TaskPatch, TaskSpec, TaskState } from './task.ts';

const command = <const K extends string, T extends TProperties>(kind: K, properties: T) =>
  Strict({ v: Version, kind: Type.Literal(kind), id: Id, ...properties });

/** `revision`: the task's revision the asker saw; a newer one refuses the command. */
const onTask = { task: TaskId, revision: Type.Optional(Count) };
const reason = { reason: Type.Optional(Line) };

export const Configure = command('configure', { config: BoardConfig });
/** All or nothing. `dry_run` checks only; `assume` lists ids that other parts of the same input add. */
export const Add = command('add', {
  tasks: Type.Array(TaskSpec, { minItems: 1, maxItems: 10_000 }),
  dry_run: Type.Optional(Type.Boolean()),
  assume: Type.Optional(Type.Array(TaskId)),
});
export const Edit = command('edit', { ...onTask, patch: TaskPatch });
export const Start = command('start', {
  ...onTask,
  takeover: Type.Optional(Type.Boolean()),
});
export const Close = command('close', {
  ...onTask,
  ...reason,
  commit: Type.Optional(Commit),
  no_change: Type.Optional(Type.Boolean()),
  waive_gates: Type.Optional(Line),
});
export const Block = command('block', { ...onTask, reason: Line });
export const Reopen = command('reopen', { ...onTask, ...reason });
export const Retry = command('retry', { ...onTask, ...reason });
export const Cancel = command('cancel', { ...onTask, ...reason });
/** An operator accepts what stands in a lane's branch as its tip. */
export const LaneAdopt = command('lane_adopt', { lane: Name, tip: Commit });

/** A person's answer to a task that asked or is blocked: it opens again with the answer attached. */
export const Answer = command('answer', { ...onTask, text: Type.String({ minLength: 1, maxLength: 8000 }) });
/** Lets the journal hold what an older version cannot read: from then on such a version refuses to lead. */
export const Format = command('format', { to: Type.Integer({ minimum: 1 }) });

/**
 * The asker's name is in use from here on: `identity` says by whom (one string for one place of work). Refused while
 * another identity with that name is alive.
 */
export const Register = command('register', { identity: Line, host: Type.Optional(Line) });
/** What the asker says of itself; without a text that is cleared. */
export const SetStatus = command('set_status', { text: Type.Optional(Line), host: Type.Optional(Line) });
/** A dead letter gets another chance, or is done with because a copy went to somebody else. */
export const Redeliver = command('redeliver', {
  seq: Type.Integer({ minimum: 1 }),
  copy: Type.Optional(Type.Boolean()),
});

/** A profile rests until a time, or until `resume`; `resume` ends either. */
export const ProfileCommand = command('profile', {
  profile: Name,
  action: Words(['cool', 'stop', 'resume']),
  until: Type.Optional(Millis),
  ...reason,
});

export const Command = Type.Union([
  Configure,
  Add,
  Edit,
  Start,
  Close,
  Block,
  Reopen,
  Retry,
  Cancel,
  LaneAdopt,
  Answer,
  Format,
  Register,
  SetStatus,
  Redeliver,
  ProfileCommand,
]);
export type Command = Type.Static<typeof Command>;
export type CommandKind = Command['kind'];
export type CommandOf<K extends CommandKind> = Extract<Command, { kind: K }>;

/** One problem of one input, named so that a person finds it. */
export const Problem = Strict({
  code: Name,
  task: Type.Optional(Line),
  key: Type.Optional(Line),
  message: Text,
});
export type Problem = Type.Static<typeof Problem>;

export const TaskResult = Strict({
  id: TaskId,
  state: TaskState,
  revision: Count,
  deferred: Type.Optional(Type.Boolean()),
});
export type TaskResult = Type.Static<typeof TaskResult>;

export const CommandAnswer = Strict({
  v: Version,
  id: Id,
  status: Words(['ok', 'refused']),
  term: Count,
  journal_seq: Count,
  tasks: Type.Optional(Type.Array(TaskResult)),
  warnings: Type.Optional(Type.Array(Line)),
  code: Type.Optional(Name),
  message: Type.Optional(Text),
  problems: Type.Optional(Type.Array(Problem)),
});
export type CommandAnswer = Type.Static<typeof CommandAnswer>;
