/**
 * Decides what the end of a run means beside its task: what it used, and what its profile may do from now on. One rate
 * limit pauses a profile on every machine until it ends, a refused login stops it until somebody looks, and one that
 * fails alike time after time stops taking tasks to ruin. Format 4; in an older journal nothing of it is written.
 */
import type { Event, EventOf, Grant, Outcome, Report, ReportOf, Task, Usage } from '../../schemas/index.ts';
import { reached } from './budgets.ts';
import { clip } from './decision.ts';
import { PROFILES_FORMAT } from './format.ts';
import { failuresAfter, profileState } from './profiles.ts';
import type { Board } from './state.ts';
import { growthOf } from './usage.ts';

/** How long a profile rests when nobody says when its limit ends, and how long at most, whoever says so. */
const COOLDOWN_MS = 300_000;
const COOLDOWN_MOST_MS = 7 * 86_400_000;
/** So many runs in a row that fail alike are the profile's fault: it is stopped, or it rests. */
const STOP_AFTER: Partial<Record<Outcome, number>> = { env_failed: 3 };
const REST_AFTER: Partial<Record<Outcome, number>> = { crashed: 5, timed_out: 5 };

const REASON_LIMIT = 500;

/** Whether a profile's trouble is the profile's alone: its task goes back at once, for another one to take. */
export const isOfProfile = (board: Board, { kind, profile }: Grant): boolean =>
  board.format >= PROFILES_FORMAT && kind === 'work' && profile !== undefined;

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
  const trouble = report.kind === 'failed' ? troubleOf(board, from, profile, report, now) : [];
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
  const stop = (why: string): Event[] =>
    state.stopped ? [] : [{ type: 'profile_stopped', profile, by, reason: because(why) }];
  if (outcome === 'rate_limited') {
    const told = retry_at !== undefined && retry_at > now ? retry_at : now + COOLDOWN_MS;
    return cool(Math.min(told, now + COOLDOWN_MOST_MS), reason);
  }
  if (outcome === 'auth_failed') return stop(`its login was refused: ${reason}`);
  const { failures } = failuresAfter(state, { why: 'failed', outcome });
  const inARow = (why: string) => `${failures} runs in a row ended ${outcome}; last: ${why}`;
  if (failures >= (STOP_AFTER[outcome] ?? Number.POSITIVE_INFINITY)) return stop(inARow(reason));
  if (failures >= (REST_AFTER[outcome] ?? Number.POSITIVE_INFINITY)) {
    return cool(now + board.config.policies.backoff_max_ms, inARow(reason));
  }
  return [];
}
