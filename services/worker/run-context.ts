/**
 * What all runs of a worker share, and what one run is: its grant, its tree, its words.
 */
import type { Mode, PromptPart, TaskGrant } from '../../schemas/index.ts';
import type { ReportDesk } from '../../shared/agent/granted-work.ts';
import type { HeldGrant } from '../../shared/agent/held-grant.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { Environment } from '../../shared/harness/environment.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { DiskCheck } from './disk-check.ts';
import type { GroupRecords } from './group-records.ts';
import type { MirrorDesk } from './mirror-desk.ts';
import type { Offers } from './offers.ts';
import type { OperatorWords } from './operator-words.ts';
import type { RunTasks } from './run-tasks.ts';
import type { StopRules } from './stop-rules.ts';
import type { Workspace } from './workspace.ts';

export interface RunOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly client: BoardClient;
  readonly stateDir: string;
  /** `Place.state` of this worker. */
  readonly placeState: string;
  /** By name, in the order in which they are preferred. */
  readonly profiles: ReadonlyMap<string, HarnessProfile>;
  readonly mode: Mode;
  readonly offers: Offers;
  readonly disk: Pick<DiskCheck, 'doubt'>;
  readonly words: OperatorWords;
  readonly rules: StopRules;
  /** `.waggle/prompts` of the project. */
  readonly promptsFolder: string;
  /** The command line of `waggle` itself, and a folder with `waggle` and `fmail` for the harness's PATH. */
  readonly waggle?: readonly [string, ...string[]];
  readonly commandFolder?: string;
  /** The worker's own environment; allow-lists pick from it. */
  readonly environment: Environment;
  /** How often the tree is stored while the harness works; 0: never. */
  readonly checkpointMs: number;
  readonly groups: GroupRecords;
  readonly mirrors: MirrorDesk;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
}

/** A grant under way: what its steps share. */
export interface Run {
  readonly options: RunOptions;
  readonly held: HeldGrant;
  readonly grant: TaskGrant;
  readonly desk: ReportDesk;
  readonly workspace: Workspace;
  readonly tasks: RunTasks;
  readonly profile: string;
  readonly prompt: Prompt;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What a run's harness is told, and what is kept of it. */
export interface Prompt {
  readonly file: string;
  readonly text: string;
  readonly isOverride: boolean;
  readonly prompts: PromptPart[];
  readonly prompt_sha256: string;
}

/** A profile by its name. Errors: `usage` when it is none of this worker's. */
export function profileOf({ profiles }: Pick<RunOptions, 'profiles'>, name: string): HarnessProfile {
  const found = profiles.get(name);
  if (found !== undefined) return found;
  const known = [...profiles.keys()].join(', ');
  throw new WaggleError('usage', { message: `profile ${name} is not one of this worker's: ${known}` });
}

/** Names the grant in a report of its own id. */
export const headOf = (
  { randomId }: Pick<RunOptions, 'randomId'>,
  { task, fence, run }: Pick<TaskGrant, 'task' | 'fence' | 'run'>,
) => ({ v: 1 as const, id: randomId(), task, fence, run });
