/**
 * Which profiles get no work just now, and which budgets are used to a level: what somebody may have to look after.
 * Pure.
 */
import type { BoardProfiles } from './board-usage.ts';
import { noPaint, type Paint } from './paint.ts';
import { singleLine } from './printable.ts';
import { profileState } from './profile-list.ts';
import { iso } from './tracker-record.ts';
import { budgetRecord } from './usage-text.ts';
import { budgetWords } from './usage-words.ts';

type Known = Pick<BoardProfiles, 'profiles' | 'budgets'>;

/** A line each, none when all is well. `now` in milliseconds since the epoch. */
export function restLines({ profiles, budgets }: Known, now: number, paint: Paint = noPaint): string[] {
  const resting = profiles.flatMap((view) => {
    const { name, cooldown_until, barred, reason } = view;
    const state = profileState(view, now);
    if (state === 'ready' && barred === undefined) return [];
    const until = state === 'cooling' && cooldown_until !== undefined ? ` until ${time(cooldown_until)}` : '';
    const how =
      state === 'ready' && barred !== undefined ? `stopped on ${singleLine(barred)}` : `${state}${until}`;
    const word = paint(state === 'stopped' ? 'red' : 'yellow', `profile ${name} ${how}`);
    return `${word}${reason === undefined ? '' : `: ${singleLine(reason)}`}`;
  });
  const used = budgets
    .filter(({ level }) => level !== undefined)
    .map((mark) => paint(mark.level === 'warn' ? 'yellow' : 'red', `budget of ${budgetWords(mark)}`));
  return [...resting, ...used];
}

/** The same for machines. */
export function restRecord({ profiles, budgets }: Known, now: number): object {
  return {
    resting: profiles.flatMap((view) => {
      const { name, cooldown_until, barred, reason } = view;
      const state = profileState(view, now);
      if (state === 'ready' && barred === undefined) return [];
      const until = state === 'cooling' ? cooldown_until : undefined;
      return {
        profile: name,
        state,
        ...(until === undefined ? {} : { cooldown_until: iso(until) }),
        ...(barred === undefined ? {} : { barred }),
        ...(reason === undefined ? {} : { reason }),
      };
    }),
    budgets: budgets.filter(({ level }) => level !== undefined).map(budgetRecord),
  };
}

const time = (at: number): string => iso(at).replace(/\.\d+Z$/, 'Z');
