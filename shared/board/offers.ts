/**
 * Which of the profiles that an asker offers may take a task now. An asker that offers none asks with its only one.
 */
import type { Capabilities, Offer, Requires } from '../../schemas/index.ts';
import { isPaused, profileMark } from './budgets.ts';
import { entryOf } from './lookup.ts';
import { isBarred, isCooling, profileState } from './profiles.ts';
import type { Board } from './state.ts';

/** Why a profile may not be granted anything now. */
export type ProfileObstacle = 'cap-profile' | 'profile-cooling' | 'profile-stopped' | 'budget-profile';

/** In the asker's order. */
export const offersOf = ({ offers, profile, harness }: Capabilities): readonly Offer[] =>
  offers ?? [{ profile, harness }];

/** Whether a task with these requirements wants nothing else than this profile. */
export const suits = ({ harness, profile }: Requires, offer: Offer): boolean =>
  (harness === undefined || harness === offer.harness) &&
  (profile === undefined || profile === offer.profile);

/** What people have to look at first, then what passes by itself. `agent`: who asks; without one, whoever may. */
export function profileObstacle(
  board: Board,
  profile: string,
  now: number,
  agent?: string,
): ProfileObstacle | undefined {
  const state = profileState(board, profile);
  if (state.stopped || (agent !== undefined && isBarred(board, state, agent))) return 'profile-stopped';
  if (isCooling(state, now)) return 'profile-cooling';
  if (isPaused(profileMark(board, profile, now))) return 'budget-profile';
  const cap = entryOf(board.config.profiles, profile)?.max_concurrency;
  return cap !== undefined && board.load.profile(profile) >= cap ? 'cap-profile' : undefined;
}
