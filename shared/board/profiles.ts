/**
 * What the board remembers of a profile besides its configuration: whether it rests, until when and why, how its runs
 * failed lately, and how much of its account's allowance is used. Format 4; below it there is nothing to remember.
 *
 * 1. A profile gets no grants before the end of its cooldown, on any machine, and none while it is stopped; the machine
 *    that is barred from it gets none of it.
 * 2. `board.wakeAt` is never behind the next moment at which time alone frees a profile: whoever waits for one is asked
 *    again then.
 */
import type { EventOf, GrantEnd, Outcome } from '../../schemas/index.ts';
import { hasDailyBudget } from './budgets.ts';
import { PROFILES_FORMAT } from './format.ts';
import { entryOf } from './lookup.ts';
import type { Board, ProfileState } from './state.ts';
import { nextMidnight } from './usage-book.ts';

/** Profiles are named by whoever claims: of more than this, of no configuration, the longest unchanged are forgotten. */
const PROFILES_KEPT = 1_000;

const calm: ProfileState = { stopped: false, failures: 0 };

export const profileState = (board: Board, name: string): ProfileState => board.profiles.get(name) ?? calm;

export const isCooling = ({ cooldown_until }: ProfileState, now: number): boolean =>
  cooldown_until !== undefined && cooldown_until > now;

type ProfileEvent = EventOf<'profile_cooled' | 'profile_stopped' | 'profile_resumed' | 'profile_quota'>;

export function evolveProfile(board: Board, event: ProfileEvent, at: number): void {
  const known = profileState(board, event.profile);
  switch (event.type) {
    case 'profile_cooled': {
      // Of a stopped one that reason stays: it says what has to be done.
      const isHeld = known.stopped || known.barred !== undefined;
      const reason = isHeld && known.reason !== undefined ? known.reason : event.reason;
      put(board, event.profile, { ...known, cooldown_until: event.until, reason });
      setWake(board, at);
      return;
    }
    case 'profile_stopped': {
      const { host, reason } = event;
      // What happened on that machine counts for the others no more.
      const { failing: _, failing_on: __, barred: ___, ...rest } = known;
      if (host !== undefined) put(board, event.profile, { ...rest, failures: 0, barred: host, reason });
      else put(board, event.profile, { ...known, stopped: true, reason });
      return;
    }
    case 'profile_resumed': {
      const { quota, quota_at } = known;
      put(board, event.profile, { ...calm, ...(quota === undefined ? {} : { quota, quota_at }) });
      setWake(board, at);
      board.chances += 1;
      return;
    }
    case 'profile_quota':
      put(board, event.profile, { ...known, quota: event.quota, quota_at: at });
      return;
  }
}

/** Those of the configuration stay: whoever makes names up must not have a stopped one forgotten. */
function put(board: Board, name: string, state: ProfileState): void {
  board.profiles.delete(name);
  board.profiles.set(name, state);
  if (board.profiles.size <= PROFILES_KEPT) return;
  for (const oldest of board.profiles.keys()) {
    if (entryOf(board.config.profiles, oldest) !== undefined) continue;
    board.profiles.delete(oldest);
    return;
  }
}

/** The machine of an agent. */
export const hostOf = (board: Board, agent: string): string | undefined =>
  board.agents.get(agent)?.place.host;

/** Whether the machine of an agent gets no grants of the profile, which works on others. */
export const isBarred = (board: Board, { barred }: ProfileState, agent: string): boolean =>
  barred !== undefined && barred === hostOf(board, agent);

/** An agent was started anew on a machine: what that lacked may be there now. */
export function freeHost(board: Board, host: string): void {
  for (const [name, { barred, reason: _, ...rest }] of [...board.profiles]) {
    if (barred === host) put(board, name, rest);
  }
}

const counted: ReadonlySet<Outcome> = new Set(['rate_limited', 'env_failed', 'crashed', 'timed_out']);
const goodEnds: ReadonlySet<GrantEnd['why']> = new Set(['done', 'submitted', 'blocked']);

/** Whether a run that ended so tells that its profile works. */
export const isGoodEnd = (why: GrantEnd['why']): boolean => goodEnds.has(why);

/** How a run ended, and on which machine it was. */
export interface RunEnd {
  readonly why: GrantEnd['why'];
  readonly outcome: Outcome | undefined;
  readonly host: string | undefined;
}

type InARow = Pick<ProfileState, 'failures' | 'failing' | 'failing_on'>;

/** Runs in a row that failed alike, once that run is counted; `failing_on`: the machine that all of them were on. */
export function failuresAfter(state: ProfileState, { why, outcome, host }: RunEnd, now: number): InARow {
  const { failures, failing, failing_on } = state;
  const isElsewhere = failing_on !== undefined && failing_on !== host;
  // What is broken on one machine is not mended by a run on another.
  if (isGoodEnd(why) && !(failing === 'env_failed' && isElsewhere)) return { failures: 0 };
  // One limit ends all runs that are under way.
  const isSameLimit = outcome === 'rate_limited' && isCooling(state, now);
  if (why !== 'failed' || outcome === undefined || !counted.has(outcome) || isSameLimit) return state;
  const isFirst = failing !== outcome;
  const on = isFirst || failing_on === host ? host : undefined;
  const row = { failures: isFirst ? 1 : failures + 1, failing: outcome };
  return on === undefined ? row : { ...row, failing_on: on };
}

/** A run of the profile ended; ends that nobody reported say nothing of it. */
export function countEnd(
  board: Board,
  profile: string,
  { end, outcome, agent, to }: EventOf<'grant_ended'>,
  at: number,
): void {
  if (board.format < PROFILES_FORMAT || end.report === undefined) return;
  // Its task's budget was used up: that is no fault of the profile.
  if (outcome === 'timed_out' && to === 'blocked') return;
  const known = profileState(board, profile);
  const next = failuresAfter(known, { why: end.why, outcome, host: hostOf(board, agent) }, at);
  if (next === known || (next.failures === 0 && known.failures === 0)) return;
  const { failures: _, failing: __, failing_on: ___, ...rest } = known;
  put(board, profile, { ...rest, ...next });
}

/** Time has passed: those that wait are asked again when that freed a profile. */
export function passProfiles(board: Board, now: number): void {
  if (now < board.wakeAt) return;
  board.chances += 1;
  setWake(board, now);
}

/** Finds the next moment at which time alone frees a profile; budgets or states have changed. */
export function setWake(board: Board, now: number): void {
  let next = hasDailyBudget(board) ? nextMidnight(now) : Number.POSITIVE_INFINITY;
  for (const { cooldown_until: until } of board.profiles.values()) {
    if (until !== undefined && until > now && until < next) next = until;
  }
  board.wakeAt = next;
}
