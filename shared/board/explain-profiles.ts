/**
 * Says when a task waits for a profile: the one that it requires, or all that there are. Reads only.
 */
import type { Reason, Task } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { usedText } from './budget-words.ts';
import { isPaused, profileMark, projectMark } from './budgets.ts';
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
  const held = Object.keys(board.config.profiles).map((name) => ({
    name,
    by: profileObstacle(board, name, now),
  }));
  const [first] = held;
  if (first?.by === undefined || held.some(({ by }) => by === undefined)) return [];
  const shown = held
    .slice(0, PROFILES_SHOWN)
    .flatMap(({ name, by }) => (by === undefined ? [] : `${name} ${heldBy(board, name, by, now)}`));
  const more = held.length > PROFILES_SHOWN ? `, and ${held.length - PROFILES_SHOWN} more` : '';
  return [{ rule: first.by, message: `no profile is free: ${shown.join('; ')}${more}` }];
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
