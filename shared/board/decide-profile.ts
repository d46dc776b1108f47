/**
 * Decides what an operator says of a profile: rest until a time, stop, or go on. Unlike a report, an operator may also
 * shorten a rest.
 */
import type { CommandOf } from '../../schemas/index.ts';
import { suggestion } from '../config/nearest-name.ts';
import { assertNever } from '../errors.ts';
import { type Answer, type Decision, refused } from './decision.ts';
import { entryOf } from './lookup.ts';
import { isCooling, profileState } from './profiles.ts';
import { type Board, isOperator } from './state.ts';

/** Longer is no rest any more. */
const REST_MOST_MS = 366 * 86_400_000;

export function decideProfile(
  board: Board,
  from: string,
  { profile, action, until, reason }: CommandOf<'profile'>,
  now: number,
): Decision<Answer> {
  if (!isOperator(board, from)) return refused('wrong-role', 'only operators cool, stop and resume profiles');
  const state = profileState(board, profile);
  // One that left the configuration may still have to be resumed.
  if (entryOf(board.config.profiles, profile) === undefined && !board.profiles.has(profile)) {
    const known = Object.keys(board.config.profiles);
    return refused('unknown-profile', `there is no profile ${profile}; ${suggestion(profile, known)}`);
  }
  const why = reason ?? `asked by ${from}`;
  const ok = (events: Decision<Answer>['events']): Decision<Answer> => ({
    events,
    answer: { status: 'ok' },
  });
  switch (action) {
    case 'cool':
      if (until === undefined || until <= now) {
        return refused('bad-until', 'a cooldown needs an end in the future; `stop` has none');
      }
      if (until > now + REST_MOST_MS) {
        return refused('bad-until', 'a cooldown lasts a year at most; `stop` has no end');
      }
      return ok([{ type: 'profile_cooled', profile, by: from, until, reason: why }]);
    case 'stop':
      return ok(state.stopped ? [] : [{ type: 'profile_stopped', profile, by: from, reason: why }]);
    case 'resume': {
      const isHeld =
        state.stopped || state.barred !== undefined || isCooling(state, now) || state.failures > 0;
      return ok(isHeld ? [{ type: 'profile_resumed', profile, by: from }] : []);
    }
    default:
      return assertNever(action);
  }
}
