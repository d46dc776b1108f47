/**
 * What the board remembers of a profile besides its configuration: whether it rests, until when and why, how its runs
 * failed lately, and how much of its account's allowance is used. Format 4; below it there is nothing to remember.
 *
 * 1. A profile gets no grants before the end of its cooldown, on any machine, and none while it is stopped.
 * 2. `board.wakeAt` is never behind the next moment at which time alone frees a profile: whoever waits for one is asked
 *    again then.
 */
import type { EventOf, Outcome } from '../../schemas/index.ts';
import { hasDailyBudget } from './budgets.ts';
import { PROFILES_FORMAT } from './format.ts';
import type { Board, ProfileState } from './state.ts';
import { nextMidnight } from './usage-book.ts';

/** Profiles are named by whoever claims: of more than this the ones that changed longest ago are forgotten. */
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
      const reason = known.stopped && known.reason !== undefined ? known.reason : event.reason;
      put(board, event.profile, { ...known, cooldown_until: event.until, reason });
      setWake(board, at);
      return;
    }
    case 'profile_stopped':
      put(board, event.profile, { ...known, stopped: true, reason: event.reason });
      return;
    case 'profile_resumed':
      put(board, event.profile, { ...calm, ...(known.quota === undefined ? {} : { quota: known.quota }) });
      setWake(board, at);
      board.chances += 1;
      return;
    case 'profile_quota':
      put(board, event.profile, { ...known, quota: event.quota });
      return;
  }
}

function put(board: Board, name: string, state: ProfileState): void {
  board.profiles.delete(name);
  board.profiles.set(name, state);
  for (const oldest of board.profiles.keys()) {
    if (board.profiles.size <= PROFILES_KEPT) break;
    board.profiles.delete(oldest);
  }
}

const counted: ReadonlySet<Outcome> = new Set(['env_failed', 'crashed', 'timed_out']);

/** Runs in a row that failed alike, once the run that `event` ends is counted. */
export function failuresAfter(
  { failures, failing }: ProfileState,
  { why, outcome }: { readonly why: string; readonly outcome: Outcome | undefined },
): Pick<ProfileState, 'failures' | 'failing'> {
  if (why === 'done' || why === 'submitted' || why === 'blocked') return { failures: 0 };
  if (why !== 'failed' || outcome === undefined || !counted.has(outcome)) {
    return { failures, ...(failing === undefined ? {} : { failing }) };
  }
  return { failures: failing === outcome ? failures + 1 : 1, failing: outcome };
}

/** A run of the profile ended; ends that nobody reported say nothing of it. */
export function countEnd(board: Board, profile: string, { end, outcome }: EventOf<'grant_ended'>): void {
  if (board.format < PROFILES_FORMAT || end.report === undefined) return;
  const known = profileState(board, profile);
  const { failures, failing, ...rest } = known;
  const next = failuresAfter(known, { why: end.why, outcome });
  if (next.failures === failures && next.failing === failing) return;
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
