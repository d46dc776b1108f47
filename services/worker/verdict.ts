/**
 * What to report of a finished run: from its outcome, what it changed and what the task expects. Pure.
 */
import type { Evidence, FileRef, Outcome, Report, RunNote, TaskGrant, Usage } from '../../schemas/index.ts';

/** What became of the harness, classed. */
export interface RunClass {
  readonly outcome: Outcome;
  readonly reason: string;
  /** When a rate limit ends, in milliseconds since the epoch. */
  readonly retryAt?: number;
}

/** What every report of a run that is over tells besides. */
export interface Told {
  readonly usage: Usage;
  readonly run_note: RunNote;
}

/** What stands in the worktree afterwards. */
export type Left =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'change';
      readonly base: string;
      readonly head: string;
      readonly files: number;
      readonly message: string;
    }
  | { readonly kind: 'unfinished'; readonly reason: string };

/** What the harness itself said of the task's end, before its own. */
export type Word =
  | { readonly kind: 'done'; readonly note?: string }
  | { readonly kind: 'blocked'; readonly reason: string };

/** What has to be done before a report can be made. */
export type Verdict =
  /** The right to report is gone: only the tree is kept. */
  | { readonly next: 'rescue' }
  /** The task goes back, with the tree as it stands. */
  | { readonly next: 'release' }
  | { readonly next: 'submit'; readonly change: Extract<Left, { kind: 'change' }> }
  | { readonly next: 'gates' }
  /** The tree is kept for whoever goes on with the task. */
  | { readonly next: 'block'; readonly outcome: 'blocked' | 'needs_input'; readonly reason: string }
  | { readonly next: 'report'; readonly report: BareReport; readonly keepsTree: boolean };

/** A report without the fields that name its grant. */
export type BareReport =
  | {
      readonly kind: 'failed';
      readonly outcome: Outcome;
      readonly reason: string;
      readonly tail?: string;
      readonly retry_at?: number;
    }
  | { readonly kind: 'released'; readonly reason: string };

/** What half a run did is worth going on from; what a crash or a missing program left is not surely anything. */
const worthKeeping: ReadonlySet<Outcome> = new Set(['rate_limited', 'auth_failed', 'timed_out']);

export function judge(
  grant: Pick<TaskGrant, 'expects' | 'lane' | 'gates'>,
  end: RunClass,
  tail: string,
  left: Left,
  word?: Word,
): Verdict {
  // Whoever holds the task now decides.
  if (end.outcome === 'fenced') return { next: 'rescue' };
  // Who says that it cannot go on is believed, however its harness came to its end.
  if (word?.kind === 'blocked') return { next: 'block', outcome: 'blocked', reason: word.reason };
  if (end.outcome === 'killed') return { next: 'release' };
  if (end.outcome === 'needs_input') return { next: 'block', outcome: 'needs_input', reason: end.reason };
  if (end.outcome !== 'completed' && end.outcome !== 'no_change') {
    const { outcome, reason, retryAt } = end;
    const report = {
      kind: 'failed',
      outcome,
      reason,
      ...(tail === '' ? {} : { tail }),
      ...(retryAt === undefined ? {} : { retry_at: Math.round(retryAt) }),
    } as const;
    return { next: 'report', report, keepsTree: worthKeeping.has(outcome) };
  }
  if (left.kind === 'unfinished') {
    const report = { kind: 'failed', outcome: 'crashed', reason: left.reason } as const;
    return { next: 'report', report, keepsTree: false };
  }
  if (left.kind === 'change' && grant.expects !== 'none' && grant.lane !== undefined) {
    return { next: 'submit', change: left };
  }
  return { next: 'gates' };
}

type Head = Pick<Extract<Report, { kind: 'done' }>, 'v' | 'id' | 'task' | 'fence' | 'run'>;

export function submittedReport(
  head: Head,
  change: Extract<Left, { kind: 'change' }>,
  bundle: FileRef,
  told: Told,
): Report {
  const { base, message } = change;
  return { ...head, kind: 'submitted', base, head: change.head, bundle, message, ...told };
}

export function doneReport(
  head: Head,
  { outcome }: Pick<RunClass, 'outcome'>,
  left: Left,
  evidence: readonly Evidence[],
  told: Told,
  word?: Word,
): Report {
  const said = word?.kind === 'done' ? word.note : undefined;
  const behind =
    left.kind === 'change' ? `left ${left.files} changed files behind, none was expected` : undefined;
  const note = said === undefined || behind === undefined ? (said ?? behind) : `${said} (${behind})`;
  return {
    ...head,
    kind: 'done',
    outcome: left.kind === 'change' || outcome === 'completed' ? 'completed' : 'no_change',
    ...told,
    ...(note === undefined ? {} : { note }),
    ...(evidence.length === 0 ? {} : { evidence: [...evidence] }),
  };
}
