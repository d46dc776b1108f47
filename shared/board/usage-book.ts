/**
 * What profiles used, day by day (UTC), with the sums that budgets and the choice of a profile look at. Bounded: of
 * days that are too long ago only the sum is kept, under a day of its own, so that totals stay what they are.
 *
 * Invariant: the sums are those of the rows, whatever was put in and in which order (`usage.ts` says why).
 */
import type { Usage, UsageImage } from '../../schemas/index.ts';
import { addUsage } from './usage.ts';

/** How many runs, and what they used. */
export interface Used {
  readonly runs: number;
  readonly usage: Usage;
}

export interface UsageBook {
  add(day: string, profile: string, used: Used): void;
  of(day: string, profile: string): Used;
  ofDay(day: string): Used;
  ofProfile(profile: string): Used;
  total(): Used;
  /** Those that ever used something. */
  profiles(): string[];
  rows(): UsageImage[];
}

/** So many days are told apart. */
export const DAYS_KEPT = 400;
/** The day under which all earlier ones stand; it sorts before every other. */
export const EARLIER = '0000-00-00';

const DAY_MS = 86_400_000;
/** The end of the year 9999: people who ask may name later times, days of four digits hold none. */
const LAST_MS = 253_402_300_799_999;
const none: Used = { runs: 0, usage: {} };

/** The last day that was asked for: each claim asks for each of its profiles, and a date costs more than all the rest. */
let asked = { number: Number.NaN, day: '' };

/** The day (UTC) of a time in milliseconds since the epoch: `2026-03-01`. */
export function utcDay(at: number): string {
  const number = Math.floor(Math.min(at, LAST_MS) / DAY_MS);
  if (number !== asked.number) asked = { number, day: new Date(number * DAY_MS).toISOString().slice(0, 10) };
  return asked.day;
}

/** When the next day (UTC) begins. */
export const nextMidnight = (at: number): number => (Math.floor(at / DAY_MS) + 1) * DAY_MS;

/** `kept`: the rows of a snapshot. */
export function createUsageBook(kept: readonly UsageImage[] = []): UsageBook {
  const days = new Map<string, Map<string, Used>>();
  const wholeDays = new Map<string, Used>();
  const profiles = new Map<string, Used>();
  let total = none;
  const put = (day: string, profile: string, used: Used) => {
    const row = days.get(day) ?? new Map<string, Used>();
    days.set(day, row);
    row.set(profile, sum(row.get(profile), used));
    wholeDays.set(day, sum(wholeDays.get(day), used));
  };
  const add = (day: string, profile: string, used: Used) => {
    put(day, profile, used);
    profiles.set(profile, sum(profiles.get(profile), used));
    total = sum(total, used);
    if (days.size - (days.has(EARLIER) ? 1 : 0) > DAYS_KEPT) foldOldest();
  };
  const foldOldest = () => {
    const oldest = [...days.keys()].filter((day) => day !== EARLIER).sort()[0];
    if (oldest === undefined) return;
    for (const [profile, used] of days.get(oldest) ?? []) put(EARLIER, profile, used);
    days.delete(oldest);
    wholeDays.delete(oldest);
  };
  for (const { day, profile, runs, usage } of kept) add(day, profile, { runs, usage });
  return {
    add,
    of: (day, profile) => days.get(day)?.get(profile) ?? none,
    ofDay: (day) => wholeDays.get(day) ?? none,
    ofProfile: (profile) => profiles.get(profile) ?? none,
    total: () => total,
    profiles: () => [...profiles.keys()],
    rows: () =>
      [...days].flatMap(([day, row]) => [...row].map(([profile, used]) => ({ day, profile, ...used }))),
  };
}

const sum = (a: Used | undefined, b: Used): Used =>
  a === undefined ? b : { runs: a.runs + b.runs, usage: addUsage(a.usage, b.usage) };
