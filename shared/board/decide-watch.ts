/**
 * Decides what a stale-takeover service reports: that an owner is dead, or alive without progress (DESIGN 2.3). The
 * watcher judges by its own clock; the board believes it only as far as the leader knows no later sign of life, and
 * takes a stale owner's task only when its nudge is long enough ago.
 */
import type { Event, Grant, ReportAnswer, ReportOf, Task } from '../../schemas/index.ts';
import { followUps } from './decide-claim.ts';
import { accepted, type Decision, declined } from './decision.ts';
import { lost } from './grant-end.ts';
import { type Board, roleOf } from './state.ts';

/** What the leader itself knows of a grant's owner, by its monotonic clock. */
export interface LifeSign {
  /** Since the last beat or claim that listed the grant; since the leader began to listen when it heard none. */
  readonly silentMs: number;
  readonly heard: boolean;
  /** Since the leader's start, or the last break of its connection. */
  readonly listenedMs: number;
}

/** A leader that heard nothing may be new: it listens for this part of a lease before it believes in a death. */
const LISTENING_SHARE = 1 / 2;
/** The leader may hear the last beat a little later than the watcher. */
const HEARD_SHARE = 9 / 10;

const unheard: LifeSign = {
  silentMs: Number.POSITIVE_INFINITY,
  heard: false,
  listenedMs: Number.POSITIVE_INFINITY,
};

export function takeover(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'takeover'>,
  now: number,
  sign: LifeSign = unheard,
): Decision<ReportAnswer> {
  if (roleOf(board, from) !== 'stale-takeover') return wrongRole(board, from, report);
  if (grant.kind === 'manual')
    return declined(report, 'manual', `${task.id} is held by hand; a person ends that`);
  const refusal =
    report.reason === 'dead' ? notDead(board, grant, sign) : notStale(board, grant, report, now, sign);
  if (refusal !== undefined)
    return declined(report, 'alive', `${task.id} stays with ${grant.agent}: ${refusal}`);
  const { reason, silent_ms, last_sign } = report;
  const taken: Event = {
    type: 'taken_over',
    task: task.id,
    fence: grant.fence,
    agent: grant.agent,
    by: from,
    reason,
    silent_ms,
    ...(last_sign === undefined ? {} : { last_sign }),
  };
  const saw = last_sign === undefined ? '' : `; last sign: ${last_sign}`;
  const why = `${grant.agent} was ${reason} for ${Math.round(silent_ms / 1000)} s${saw}`;
  const event = lost(board, task, grant, 'takeover', now, why, report.id);
  return accepted(report, [...(board.format >= 2 ? [taken] : []), event, ...followUps(board, event)]);
}

function notDead(board: Board, grant: Grant, { silentMs, heard }: LifeSign): string | undefined {
  const needed = board.config.policies.lease_ms * (heard ? HEARD_SHARE : LISTENING_SHARE);
  if (silentMs >= needed) return undefined;
  const ms = Math.round(silentMs);
  return heard
    ? `fence ${grant.fence} was heard of ${ms} ms ago`
    : `this leader has listened for ${ms} ms only, it needs ${Math.round(needed)} ms`;
}

function notStale(
  board: Board,
  grant: Grant,
  { silent_ms }: ReportOf<'takeover'>,
  now: number,
  { listenedMs }: LifeSign,
): string | undefined {
  const { stale_after_ms, stale_grace_ms } = board.config.policies;
  // What a new leader finds in MAIL may be old: its owner may have moved since. Whoever watches says it again.
  const listening = board.config.policies.lease_ms * LISTENING_SHARE;
  if (listenedMs < listening) {
    return `this leader has listened for ${Math.round(listenedMs)} ms only, it needs ${Math.round(listening)} ms`;
  }
  if (grant.nudged_at === undefined) return 'it was not nudged yet';
  const since = now - grant.nudged_at;
  if (since < stale_grace_ms) return `it was nudged ${since} ms ago and has ${stale_grace_ms} ms to answer`;
  const needed = stale_after_ms + stale_grace_ms;
  return silent_ms < needed ? `it made progress ${silent_ms} ms ago, not before its nudge` : undefined;
}

/** The first observation: journaled, and by that announced as the nudge. Repeating it changes nothing for a while. */
export function stale(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: ReportOf<'stale'>,
  now: number,
): Decision<ReportAnswer> {
  if (roleOf(board, from) !== 'stale-takeover') return wrongRole(board, from, report);
  const after = board.config.policies.stale_after_ms;
  if (report.silent_ms < after) {
    return declined(report, 'too-early', `${report.silent_ms} ms without progress; stale is ${after} ms`);
  }
  const isNudged = grant.nudged_at !== undefined && now - grant.nudged_at < after;
  if (isNudged) return accepted(report, []);
  const { fence, agent } = grant;
  const { silent_ms } = report;
  return accepted(report, [{ type: 'stale_seen', task: task.id, fence, agent, by: from, silent_ms }]);
}

const wrongRole = (board: Board, from: string, report: ReportOf<'takeover' | 'stale'>) =>
  declined(
    report,
    'wrong-role',
    `${from} has the role ${roleOf(board, from)}; only stale-takeover watches and takes`,
  );
