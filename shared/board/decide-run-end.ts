/**
 * Decides what the end of a run means beside its task: what it used, and what its profile may do from now on. One rate
 * limit pauses a profile on every machine until it ends, a refused login stops it until somebody looks, and one that
 * fails alike time after time stops taking tasks to ruin. Format 4; in an older journal nothing of it is written.
 *
 * A login, and what else a harness needs, may be missing on one machine alone: where runs of the profile end well on
 * others, it is stopped for that machine. The second one that has that trouble stops it for all.
 */
import type { Event, EventOf, Grant, Outcome, Report, ReportOf, Task, Usage } from '../../schemas/index.ts';
import { reached } from './budgets.ts';
import { clip } from './decision.ts';
import { PROFILES_FORMAT } from './format.ts';
import { isSpent } from './grant-end.ts';
import { failuresAfter, hostOf, isBarred, isGoodEnd, profileState } from './profiles.ts';
import type { Board } from './state.ts';
import { growthOf } from './usage.ts';

/** How long a profile rests when nobody says when its limit ends, and how long at most, whoever says so. */
const COOLDOWN_MS = 300_000;
const COOLDOWN_MOST_MS = 7 * 86_400_000;
/** The second limit in a row is longer at least than this, whatever is told, each further one twice as long. */
const AGAIN_MS = 5_000;
/** So many runs in a row that fail alike are the profile's fault: it is stopped, or it rests. */
const STOP_AFTER: Partial<Record<Outcome, number>> = { env_failed: 3 };
const REST_AFTER: Partial<Record<Outcome, number>> = { crashed: 5, timed_out: 5 };

const REASON_LIMIT = 500;

/** Whether a profile's trouble is the profile's alone: its task goes back at once, for another one to take. */
export const isOfProfile = (board: Board, { kind, profile }: Grant): boolean =>
  board.format >= PROFILES_FORMAT && kind === 'work' && profile !== undefined;

/** The end of a limit as told, if it is one to come, else after so long; never too far away, whoever says so. */
export function restUntil(told: number | undefined, otherwiseMs: number, now: number): number {
  const until = told !== undefined && told > now ? told : now + otherwiseMs;
  return Math.min(until, now + COOLDOWN_MOST_MS);
}

type Told = ReportOf<'submitted' | 'done' | 'blocked' | 'failed' | 'released'>;
export const isTold = (report: Report): report is Told =>
  report.kind === 'submitted' ||
  report.kind === 'done' ||
  report.kind === 'blocked' ||
  report.kind === 'failed' ||
  report.kind === 'released';

/** What a report tells of its run: to be written before the end, after it, and what is used beyond the known. */
export interface RunTold {
  readonly record: readonly EventOf<'run_recorded'>[];
  readonly after: readonly Event[];
  readonly more: Usage;
}

export function toldOf(
  board: Board,
  from: string,
  task: Task,
  grant: Grant,
  report: Told,
  now: number,
): RunTold {
  const { profile } = grant;
  if (!isOfProfile(board, grant) || profile === undefined) return { record: [], after: [], more: {} };
  const { usage, run_note: note } = report;
  const more = usage === undefined ? {} : growthOf(grant.used ?? {}, usage);
  const record: EventOf<'run_recorded'> = {
    type: 'run_recorded',
    task: task.id,
    fence: grant.fence,
    run: grant.run,
    agent: from,
    profile,
    ...(usage === undefined ? {} : { usage }),
    ...(note === undefined ? {} : { note }),
  };
  const quota: Event[] =
    note?.quota === undefined ? [] : [{ type: 'profile_quota', profile, quota: note.quota }];
  const trouble =
    report.kind === 'failed' && !isSpent(board, task, report.outcome, more)
      ? troubleOf(board, from, profile, report, now)
      : [];
  return {
    record: usage === undefined && note === undefined ? [] : [record],
    after: [...quota, ...trouble, ...reached(board, task, profile, more, now)],
    more,
  };
}

/** What a failed run does to its profile. */
function troubleOf(
  board: Board,
  by: string,
  profile: string,
  { outcome, reason, retry_at }: ReportOf<'failed'>,
  now: number,
): Event[] {
  const state = profileState(board, profile);
  const because = (why: string) => clip(why.replace(/\s+/g, ' ').trim(), REASON_LIMIT) || outcome;
  const cool = (until: number, why: string): Event[] =>
    // Only ever longer: the other runs of the same account may know less.
    (state.cooldown_until ?? 0) >= until
      ? []
      : [{ type: 'profile_cooled', profile, by, until, reason: because(why) }];
  const host = hostOf(board, by);
  /** `isHere`: what is known happened on this machine alone. */
  const stop = (why: string, isHere: boolean): Event[] => {
    if (state.stopped || (isHere && isBarred(board, state, by))) return [];
    // With a second machine it is no matter of one any more.
    const isLocal = isHere && state.barred === undefined && worksElsewhere(board, profile, host);
    const where = isLocal && host !== undefined ? { host } : {};
    return [{ type: 'profile_stopped', profile, by, reason: because(why), ...where }];
  };
  if (outcome === 'auth_failed') return stop(`its login was refused: ${reason}`, true);
  const { failures, failing_on } = failuresAfter(state, { why: 'failed', outcome, host }, now);
  if (outcome === 'rate_limited') {
    // A clock that is wrong, or a worker, may say again and again that it is over soon.
    const least = failures < 2 ? 0 : Math.min(AGAIN_MS * 2 ** (failures - 2), COOLDOWN_MS);
    return cool(Math.max(restUntil(retry_at, COOLDOWN_MS, now), now + least), reason);
  }
  const inARow = (why: string) => `${failures} runs in a row ended ${outcome}; last: ${why}`;
  if (failures >= (STOP_AFTER[outcome] ?? Number.POSITIVE_INFINITY)) {
    return stop(inARow(reason), failing_on !== undefined && failing_on === host);
  }
  if (failures >= (REST_AFTER[outcome] ?? Number.POSITIVE_INFINITY)) {
    return cool(now + board.config.policies.backoff_max_ms, inARow(reason));
  }
  return [];
}

/** Whether a run of the profile ended well on another machine, as far as the board remembers. */
function worksElsewhere(board: Board, profile: string, host: string | undefined): boolean {
  for (const { kind, profile: own, why, agent } of board.runs.values()) {
    const isGood = kind === 'work' && own === profile && why !== undefined && isGoodEnd(why);
    if (isGood && hostOf(board, agent) !== host) return true;
  }
  return false;
}
