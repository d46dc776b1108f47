/**
 * What to report of a finished run: from its outcome, what it changed and what the task expects. Pure.
 */
import type { Evidence, FileRef, Outcome, Report, TaskGrant } from '../../schemas/index.ts';

/** What the harness did. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly tail: string;
  readonly durationMs: number;
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
  | { readonly next: 'block'; readonly reason: string }
  | { readonly next: 'report'; readonly report: BareReport };

/** A report without the fields that name its grant. */
export type BareReport =
  | { readonly kind: 'failed'; readonly outcome: Outcome; readonly reason: string; readonly tail?: string }
  | { readonly kind: 'released'; readonly reason: string };

export function judge(
  grant: Pick<TaskGrant, 'expects' | 'lane' | 'gates'>,
  end: RunEnd,
  left: Left,
  word?: Word,
): Verdict {
  // Whoever holds the task now decides.
  if (end.outcome === 'fenced') return { next: 'rescue' };
  // Who says that it cannot go on is believed, however its harness came to its end.
  if (word?.kind === 'blocked') return { next: 'block', reason: word.reason };
  if (end.outcome === 'killed') return { next: 'release' };
  if (end.outcome !== 'completed' && end.outcome !== 'no_change') {
    const tail = end.tail === '' ? {} : { tail: end.tail };
    return { next: 'report', report: { kind: 'failed', outcome: end.outcome, reason: end.reason, ...tail } };
  }
  if (left.kind === 'unfinished') {
    return { next: 'report', report: { kind: 'failed', outcome: 'crashed', reason: left.reason } };
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
  durationMs: number,
): Report {
  const { base, message } = change;
  const usage = { duration_ms: Math.round(durationMs) };
  return { ...head, kind: 'submitted', base, head: change.head, bundle, message, usage };
}

export function doneReport(
  head: Head,
  end: RunEnd,
  left: Left,
  evidence: readonly Evidence[],
  word?: Word,
): Report {
  const said = word?.kind === 'done' ? word.note : undefined;
  const behind =
    left.kind === 'change' ? `left ${left.files} changed files behind, none was expected` : undefined;
  const note = said === undefined || behind === undefined ? (said ?? behind) : `${said} (${behind})`;
  return {
    ...head,
    kind: 'done',
    outcome: left.kind === 'change' || end.outcome === 'completed' ? 'completed' : 'no_change',
    usage: { duration_ms: Math.round(end.durationMs) },
    ...(note === undefined ? {} : { note }),
    ...(evidence.length === 0 ? {} : { evidence: [...evidence] }),
  };
}
