/**
 * The wire contract for everyone: types, validators and limits. The one barrel of the project.
 */

import type { Beat } from './beat.ts';
import type { Claim, ClaimAnswer } from './claim.ts';
import type { Command, CommandAnswer } from './command.ts';
import type { BoardConfig, ConfigFile } from './config.ts';
import type { Control, ControlAnswer } from './control.ts';
import * as compiled from './generated/validators.ts';
import type { Batch } from './journal.ts';
import type { Mail, Presence } from './mail.ts';
import type { Query, QueryAnswer } from './query.ts';
import type { LeaderNotice, Output, Read, ReadAnswer } from './read.ts';
import type { Report } from './report.ts';
import type { Snapshot } from './snapshot.ts';
import type { SocketLine, SocketRequest } from './socket.ts';
import type { TaskSpec } from './task.ts';
import { fault, type Validator } from './validation.ts';

/** The messages and files of the contract by name. */
export interface Messages {
  Batch: Batch;
  Beat: Beat;
  BoardConfig: BoardConfig;
  Claim: Claim;
  ClaimAnswer: ClaimAnswer;
  Command: Command;
  CommandAnswer: CommandAnswer;
  ConfigFile: ConfigFile;
  Control: Control;
  ControlAnswer: ControlAnswer;
  LeaderNotice: LeaderNotice;
  Mail: Mail;
  Output: Output;
  Presence: Presence;
  Query: Query;
  QueryAnswer: QueryAnswer;
  Read: Read;
  ReadAnswer: ReadAnswer;
  Report: Report;
  Snapshot: Snapshot;
  SocketLine: SocketLine;
  SocketRequest: SocketRequest;
  TaskSpec: TaskSpec;
}
export type MessageName = keyof Messages;

const validators = Object.fromEntries(
  Object.entries(compiled).map(([name, validator]) => [name.slice('is'.length), validator]),
) as unknown as Record<MessageName, Validator>;

/** Whether `value` is a message of that name; otherwise what was expected and what came, as one sentence. */
export function check<N extends MessageName>(
  name: N,
  value: unknown,
): { ok: true; value: Messages[N] } | { ok: false; fault: string; path: string } {
  const validator = validators[name];
  if (validator(value)) return { ok: true, value: value as Messages[N] };
  return { ok: false, ...fault(validator, value) };
}

export type { Beat, BeatGrant } from './beat.ts';
export type { Budget, BudgetLevel, BudgetLimit, BudgetMark, BudgetScope } from './budget.ts';
export type {
  AnyGrant,
  Capabilities,
  Claim,
  ClaimAnswer,
  CommitGrant,
  Gate,
  LaneRef,
  Offer,
  Place,
  TaskGrant,
} from './claim.ts';
export type {
  Command,
  CommandAnswer,
  CommandKind,
  CommandOf,
  Problem,
  TaskResult,
} from './command.ts';
export type { Evidence, FileRef, Mode, Outcome, PromptPart, Quota, RunNote, Usage } from './common.ts';
export type {
  BoardConfig,
  BoardLane,
  BoardPool,
  BoardProfile,
  Budgets,
  ConfigFile,
  HarnessName,
  LaneState,
  Policies,
  PoolStrategy,
  PromptMode,
  Rights,
  Role,
} from './config.ts';
export type { Control, ControlAnswer } from './control.ts';
export type { Batch, Event, EventOf } from './journal.ts';
export type { Letter, Person } from './letter.ts';
export * from './limits.ts';
export type { Mail, Presence, ReceiptState, StoredMail } from './mail.ts';
export type {
  PoolView,
  ProfileView,
  Query,
  QueryAnswer,
  QueryAnswerOf,
  QueryKind,
  Reason,
  TaskView,
  UsageRow,
} from './query.ts';
export type {
  LeaderNotice,
  Output,
  Read,
  ReadAnswer,
  ReadAnswerOf,
} from './read.ts';
export type { Report, ReportAnswer, ReportKind, ReportOf } from './report.ts';
export type {
  ProfileImage,
  Snapshot,
  SnapshotManifest,
  SnapshotPart,
  SnapshotPartOf,
  SnapshotPiece,
  UsageImage,
} from './snapshot.ts';
export type { MailRecord, SocketErrorCode, SocketLine, SocketRequest } from './socket.ts';
export type {
  Attachment,
  Checkpoint,
  Closing,
  Deferred,
  Expects,
  Grant,
  GrantEnd,
  Priority,
  Requires,
  RunRecord,
  Submission,
  Task,
  TaskPatch,
  TaskSpec,
  TaskState,
} from './task.ts';
