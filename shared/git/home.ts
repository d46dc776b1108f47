/**
 * The lane's home as the committer uses it: the one place whose refs are the truth about a lane. Two
 * kinds, path-home.ts and remote-home.ts, pass one contract suite.
 *
 * 1. Every answer is read from the home itself; what is kept locally are only objects.
 * 2. A fence only rises, by compare-and-swap.
 * 3. A branch moves by one commit at a time, forward, only while old tip and fence are both as named; nothing
 *    is called landed before it was read back.
 * 4. No working tree, index or HEAD of anybody is touched.
 */
import type { Commit, ObjectFormat } from './commit-id.ts';
import type { FoundRun } from './run-lookup.ts';

export interface LaneHome {
  /** As configured: a path or a URL. */
  readonly home: string;
  /** Local repository that holds the lane's objects: the home itself, or the remote's cache. */
  readonly gitDir: string;
  readonly objectFormat: ObjectFormat;
  /** The branch's tip; the branch is made at `base` when missing. Errors: `branch-checked-out`. */
  open(lane: OpenLane): Promise<Commit>;
  /** The branch's tip now, its objects present in `gitDir`; undefined when there is no such branch. */
  tip(branch: string, signal?: AbortSignal): Promise<Commit | undefined>;
  /** Where the lane's fence stands; 0 when none was ever raised. */
  fence(lane: string, signal?: AbortSignal): Promise<number>;
  /** Moves the lane's fence up to `fence`; held again when it stands there already. */
  raiseFence(lane: string, fence: number, signal?: AbortSignal): Promise<Fenced>;
  /** The commit on the branch that the run made, if any. */
  findRun(branch: string, wanted: RunAsked): Promise<FoundRun | undefined>;
  /** Moves the branch from `old` to `new`, whose first parent is `old`. Errors: `branch-checked-out`. */
  land(landing: Landing): Promise<Landed>;
}

export interface OpenLane {
  readonly branch: string;
  /** Rev of the home; default its HEAD. */
  readonly base?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface RunAsked {
  readonly run: string;
  /** The commit that the run started from. */
  readonly base?: Commit | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Fenced = { readonly status: 'held' } | { readonly status: 'outrun'; readonly by: number };

export interface Landing {
  readonly lane: string;
  readonly branch: string;
  readonly fence: number;
  readonly old: Commit;
  readonly new: Commit;
  /** Repository that has the objects of `new`. */
  readonly from: string;
  readonly signal?: AbortSignal | undefined;
}

export type Landed =
  | { readonly status: 'landed' }
  /** What stands there instead; `fence` 0 when none was ever raised, `tip` absent without a branch. */
  | { readonly status: 'refused'; readonly tip?: Commit; readonly fence: number };

export const fenceRef = (lane: string): string => `refs/waggle/fence/${lane}`;
export const branchRef = (branch: string): string => `refs/heads/${branch}`;
