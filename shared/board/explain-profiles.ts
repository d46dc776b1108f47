/**
 * Says when a task waits for a profile: the one that it requires, or all that there are. Reads only.
 */
import type { Reason, Task } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { usedText } from './budget-words.ts';
import { isPaused, profileMark, projectMark } from './budgets.ts';
import { entryOf } from './lookup.ts';
import { type ProfileObstacle, profileObstacle } from './offers.ts';
import { profileState } from './profiles.ts';
import type { Board } from './state.ts';

/** Whether the whole project may use nothing more. */
export function explainProject(board: Board, now: number): Reason[] {
  const mark = projectMark(board, now);
  if (mark === undefined || !isPaused(mark)) return [];
  const message = `the project's budget is used up: ${usedText(mark)}; nothing new is granted until ${until(mark.day)}`;
  return [{ rule: 'budget-project', message }];
}

const until = (day: string | undefined): string =>
  day === undefined ? 'it is raised' : 'midnight (UTC), or it is raised';

/** At most one reason; none while some profile of the configuration could take it. */
export function explainProfiles(board: Board, task: Task, now: number): Reason[] {
  const wanted = task.requires?.profile;
  if (wanted !== undefined) {
    const held = profileObstacle(board, wanted, now);
    const what = `it requires profile ${wanted}, which`;
    return held === undefined ? [] : [{ rule: held, message: `${what} ${heldBy(board, wanted, held, now)}` }];
  }
  const held = heldProfiles(board, now);
  const [first] = held;
  if (first === undefined || held.length < Object.keys(board.config.profiles).length) return [];
  return [{ rule: first.by, message: `no profile is free: ${listed(board, held, now)}` }];
}

/**
 * What is to be known of profiles where nothing holds the task back; empty: nothing. Which of them the workers have is
 * theirs to know: one may have a profile that the configuration lacks, or only those that are not free.
 */
export function remarkOnProfiles(board: Board, { requires }: Task, now: number): string {
  const wanted = requires?.profile;
  if (wanted !== undefined) {
    const isKnown = entryOf(board.config.profiles, wanted) !== undefined;
    return isKnown ? '' : `; the configuration has no profile ${wanted}`;
  }
  const held = heldProfiles(board, now);
  return held.length === 0 ? '' : `; not free: ${listed(board, held, now)}`;
}

interface Held {
  readonly name: string;
  readonly by: ProfileObstacle;
}

const heldProfiles = (board: Board, now: number): Held[] =>
  Object.keys(board.config.profiles).flatMap((name) => {
    const by = profileObstacle(board, name, now);
    return by === undefined ? [] : [{ name, by }];
  });

function listed(board: Board, held: readonly Held[], now: number): string {
  const shown = held
    .slice(0, PROFILES_SHOWN)
    .map(({ name, by }) => `${name} ${heldBy(board, name, by, now)}`);
  const more = held.length > PROFILES_SHOWN ? `, and ${held.length - PROFILES_SHOWN} more` : '';
  return `${shown.join('; ')}${more}`;
}

const PROFILES_SHOWN = 10;

function heldBy(board: Board, name: string, by: ProfileObstacle, now: number): string {
  const { cooldown_until = now, reason = 'no reason given' } = profileState(board, name);
  switch (by) {
    case 'profile-stopped':
      return `is stopped: ${reason}; \`waggle profile resume ${name}\``;
    case 'profile-cooling': {
      const seconds = Math.ceil((cooldown_until - now) / 1000);
      return `cools down for ${seconds} s more: ${reason}`;
    }
    case 'budget-profile': {
      const mark = profileMark(board, name, now);
      return `has no budget left${mark === undefined ? '' : `: ${usedText(mark)}`}`;
    }
    case 'cap-profile':
      return 'runs as many tasks as it may';
    default:
      return assertNever(by);
  }
}
