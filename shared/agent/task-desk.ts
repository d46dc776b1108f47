/**
 * What a harness can say about the task that it works on, whichever way: implemented by the worker for its run
 * (`services/worker/run-tasks.ts`) and over the agent's socket (`task-socket.ts`). Commands and MCP tools stand on this
 * port alone.
 *
 * 1. A word that was taken is kept: `progress` is on the worker's disk, `done` and `block` decide how the run's end is
 *    reported. Neither ends the run: the harness's own end does.
 * 2. When the right to the task is gone, everything but `current` is refused, with reason `fenced`.
 */
import type { TaskState } from '../../schemas/index.ts';

/** The task in hand, as it was granted. */
export interface CurrentTask {
  readonly task: string;
  readonly title: string;
  readonly body?: string;
  readonly fence: number;
  readonly run: string;
  readonly attempt: number;
  /** Whether the run should end with a change of the tree. */
  readonly expects: 'change' | 'none' | 'any';
  /** Where its change goes. */
  readonly lane?: string;
  readonly paths: readonly string[];
  readonly labels: readonly string[];
  /** Names of the gates that it has to pass. */
  readonly gates: readonly string[];
  /** The last word about its progress, of this run or of an earlier one. */
  readonly note?: string;
  /** RFC 3339: when the worker ends the run. */
  readonly deadline?: string;
  /** The folder that its change is taken from. */
  readonly worktree?: string;
}

/** A task to be added: the keys of a task file's entry. An id is made up when there is none. */
export type TaskDraft = { readonly title: string } & Readonly<Record<string, unknown>>;

export interface AddedTask {
  readonly id: string;
  /** `open`, or `blocked` where a dep has ended badly. */
  readonly state?: TaskState;
}

export interface TaskDesk {
  current(signal?: AbortSignal): Promise<CurrentTask>;
  /** Errors: `usage` for an empty or too long text. */
  progress(text: string, signal?: AbortSignal): Promise<void>;
  /** The work is done; the run's end says the rest. `note` is kept for whoever looks at it later. */
  done(note?: string, signal?: AbortSignal): Promise<void>;
  /** The work cannot go on without somebody: when the harness then ends, the task is blocked for that reason. */
  block(reason: string, signal?: AbortSignal): Promise<void>;
  /** Adds another task to the board. Errors: `task-file-invalid`, `refused` with the board's reason. */
  add(draft: TaskDraft, signal?: AbortSignal): Promise<AddedTask>;
  /**
   * Hands the task in and takes the next; undefined: there is none. Errors: `refused` where a run is for one task, where
   * neither `done` nor `block` was said of the one in hand.
   */
  next(signal?: AbortSignal): Promise<CurrentTask | undefined>;
}
