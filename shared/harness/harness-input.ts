/**
 * What a run of a harness is given: its task's place and identity, and the world around it.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ProcessGroup } from '../process/group.ts';
import type { HarnessEvent } from './adapter.ts';
import type { Environment } from './environment.ts';
import type { OutputChunk } from './guarded-process.ts';
import type { RunIdentity } from './run-environment.ts';

/** One run. */
export interface HarnessInput extends RunIdentity {
  /** Holds `promptText`. */
  readonly promptFile: string;
  readonly promptText: string;
  readonly worktree: string;
  /** Folder of the run's own files, outside the worktree; it exists. */
  readonly records: string;
  /** The command line of `waggle` itself. */
  readonly waggle?: readonly [string, ...string[]];
  /** A folder that is searched for programs before all others. */
  readonly path?: string;
  /** What the run may use. */
  readonly limits?: { readonly tokens?: number; readonly cost_usd?: number };
  /**
   * Session of an earlier run, to go on in; the prompt is what is said next. Where it is gone or bound to another folder,
   * the same prompt begins a new one.
   */
  readonly resume?: string;
}

export interface HarnessContext {
  readonly clock: Clock;
  readonly log: Log;
  /** The worker's own environment, of which the allow-list picks. */
  readonly environment: Environment;
  /** Aborting stops the run; the reason is kept in its end, and `kill` allows no grace. */
  readonly signal?: AbortSignal;
  /** What a conversation that begins anew is told of the task in hand; absent: the first prompt, which is of it. */
  readonly promptNow?: () => string;
  /** Where all raw output goes. */
  readonly logFile?: string;
  /** Where the rendered form goes; where the harness prints only text, the same as its output. */
  readonly transcriptFile?: string;
  readonly onOutput?: (chunk: OutputChunk) => void | Promise<void>;
  readonly onEvent?: (event: HarnessEvent) => void | Promise<void>;
  /** Follows the rendered form live. */
  readonly onText?: (stream: OutputChunk['stream'], text: string) => void | Promise<void>;
  /** Called for each of its processes, one after another. */
  readonly onStarted?: (group: ProcessGroup) => void | Promise<void>;
}
