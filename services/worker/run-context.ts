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
import type { Log } from '../../shared/log.ts';
import type { RandomId } from '../../shared/random.ts';
import type { DiskCheck } from './disk-check.ts';
import type { Offers } from './offers.ts';
import type { WordStore } from './operator-words.ts';
import type { RunLedger } from './run-ledger.ts';
import type { RunTasks } from './run-tasks.ts';
import type { Workspace } from './workspace.ts';

export interface RunOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly client: BoardClient;
  /** `Place.state` of this worker. */
  readonly placeState: string;
  /** By name, in the order in which they are preferred. */
  readonly profiles: ReadonlyMap<string, HarnessProfile>;
  readonly mode: Mode;
  readonly offers: Offers;
  readonly disk: Pick<DiskCheck, 'doubt'>;
  readonly words: WordStore;
  /** The worker's own environment; allow-lists pick from it. */
  readonly environment: Environment;
  /** How often the tree is stored while the harness works; 0: never. */
  readonly checkpointMs: number;
  readonly ledger: RunLedger;
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
