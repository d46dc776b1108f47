/**
 * The rules of profiles, pools and budgets written straight from the journal, with nothing that the board remembers:
 * who rests or is stopped, what was used, whose turn it is.
 */
import { expect } from 'vitest';
import type { Batch, Budget, Capabilities, Offer, Requires, Usage } from '../../../schemas/index.ts';
import type { Board } from '../../../shared/board/state.ts';
import type { Driver } from '../../unit/shared/board/board-driver.ts';

const tellable = ['input_tokens', 'output_tokens', 'cost_usd'] as const;
type Sums = Record<(typeof tellable)[number], number>;

interface Spent {
  readonly day: string;
  readonly profile: string;
  readonly task: string;
  /** Beyond what was told of the run before; costs in millionths. */
  readonly more: Sums;
  readonly isRun: boolean;
}

const micro = (field: (typeof tellable)[number], value: number) =>
  field === 'cost_usd' ? Math.round(value * 1e6) : value;

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** What every event told, beyond what was known of its run. */
function spendings(batches: readonly Batch[]): Spent[] {
  const known = new Map<number, Sums>();
  return batches.flatMap(({ at, events }) =>
    events.flatMap((event) => {
      if (event.type !== 'run_used' && event.type !== 'run_recorded') return [];
      const before = known.get(event.fence) ?? { input_tokens: 0, output_tokens: 0, cost_usd: 0 };
      const now = { ...before };
      const more = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };
      for (const field of tellable) {
        const value = micro(field, event.usage?.[field] ?? 0);
        more[field] = Math.max(0, value - before[field]);
        now[field] = Math.max(before[field], value);
      }
      known.set(event.fence, now);
      const isRun = event.type === 'run_recorded';
      return [{ day: dayOf(at), profile: event.profile ?? '', task: event.task, more, isRun }];
    }),
  );
}

const sumOf = (spent: readonly Spent[]): Sums => {
  const sum = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };
  for (const { more } of spent) for (const field of tellable) sum[field] += more[field];
  return sum;
};
const sumOfUsage = (usage: Usage | undefined): Sums => ({
  input_tokens: usage?.input_tokens ?? 0,
  output_tokens: usage?.output_tokens ?? 0,
  cost_usd: micro('cost_usd', usage?.cost_usd ?? 0),
});

function isPaused(budget: Budget | undefined, spent: readonly Spent[], now: number): boolean {
  if (budget === undefined) return false;
  const counted = budget.per === 'day' ? spent.filter(({ day }) => day === dayOf(now)) : spent;
  const { input_tokens, output_tokens, cost_usd } = sumOf(counted);
  const reaches = (used: number, limit: number | undefined) => limit !== undefined && used / limit >= 0.95;
  return reaches(input_tokens + output_tokens, budget.tokens) || reaches(cost_usd / 1e6, budget.cost_usd);
}

export interface ProfileFacts {
  /** Whether the asker may be granted the profile, caps included. */
  isFree(profile: string): boolean;
  readonly isProjectPaused: boolean;
}

/** What the journal says to `asker` at `now`; `board` only for its configuration and its live grants. */
export function factsOf(board: Board, batches: readonly Batch[], now: number, asker: string): ProfileFacts {
  const until = new Map<string, number>();
  const stopped = new Set<string>();
  const barred = new Map<string, string>();
  for (const event of batches.flatMap(({ events }) => events)) {
    if (event.type === 'profile_cooled') until.set(event.profile, event.until);
    if (event.type === 'profile_stopped') {
      if (event.host === undefined) stopped.add(event.profile);
      else barred.set(event.profile, event.host);
    }
    if (event.type === 'agent_seen') {
      const { host } = event.place;
      for (const [profile, where] of [...barred]) if (where === host) barred.delete(profile);
    }
    if (event.type !== 'profile_resumed') continue;
    until.delete(event.profile);
    stopped.delete(event.profile);
    barred.delete(event.profile);
  }
  const spent = spendings(batches);
  const { budgets, profiles } = board.config;
  const live = [...board.tasks.values()].flatMap(({ grant }) => (grant?.kind === 'work' ? grant : []));
  return {
    isProjectPaused: isPaused(budgets?.project, spent, now),
    isFree(profile) {
      const own = spent.filter((one) => one.profile === profile);
      const { budget = budgets?.profile, max_concurrency = Number.POSITIVE_INFINITY } =
        profiles[profile] ?? {};
      return (
        (until.get(profile) ?? 0) <= now &&
        !stopped.has(profile) &&
        barred.get(profile) !== (board.agents.get(asker)?.place.host ?? '') &&
        !isPaused(budget, own, now) &&
        live.filter((grant) => grant.profile === profile).length < max_concurrency
      );
    },
  };
}

export const suits = (requires: Requires, offer: Offer) =>
  [undefined, offer.harness].includes(requires.harness) &&
  [undefined, offer.profile].includes(requires.profile);

export const offersOf = ({ offers, profile, harness }: Capabilities): readonly Offer[] =>
  offers ?? [{ profile, harness }];

/** The profile whose turn it is among `fitting`, where that can be told from the journal; else any of them may be. */
export function turnByRule(
  board: Board,
  batches: readonly Batch[],
  { pool }: Capabilities,
  fitting: readonly string[],
  now: number,
): string | undefined {
  const of = pool === undefined ? undefined : board.config.pools?.[pool];
  if (of === undefined) return fitting[0];
  const members = of.profiles.filter((profile) => fitting.includes(profile));
  if (members.length <= 1) return members[0] ?? fitting[0];
  const had = batches.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.type === 'granted' && event.grant.pool === pool ? (event.grant.profile ?? []) : [],
    ),
  );
  const after = of.profiles.indexOf(had.findLast((profile) => of.profiles.includes(profile)) ?? '') + 1;
  const inTurn = [...of.profiles.slice(after), ...of.profiles.slice(0, after)].filter((profile) =>
    members.includes(profile),
  );
  if (of.strategy === 'round_robin') return inTurn[0];
  if (of.strategy !== 'least_used') return undefined;
  const today = spendings(batches).filter(({ day }) => day === dayOf(now));
  const keyOf = (profile: string) => {
    const { input_tokens, output_tokens } = sumOf(today.filter((one) => one.profile === profile));
    return [input_tokens + output_tokens, board.load.profile(profile)] as const;
  };
  return inTurn.reduce((best, other) => {
    const [a, b] = [keyOf(best), keyOf(other)];
    return b[0] < a[0] || (b[0] === a[0] && b[1] < a[1]) ? other : best;
  });
}

/** The sums of the board are those of what the journal tells. */
export function expectBooks({ board, batches }: Driver): void {
  const spent = spendings(batches);
  const rows = board.usage.rows();
  expect(new Set(rows.map(({ day, profile }) => `${day} ${profile}`))).toEqual(
    new Set(spent.map(({ day, profile }) => `${day} ${profile}`)),
  );
  for (const { day, profile, runs, usage } of rows) {
    const own = spent.filter((one) => one.day === day && one.profile === profile);
    expect(sumOfUsage(usage), `${profile} on ${day}`).toEqual(sumOf(own));
    expect(runs).toBe(own.filter(({ isRun }) => isRun).length);
  }
  expect(sumOfUsage(board.usage.total().usage)).toEqual(sumOf(spent));
  for (const { id, used } of board.tasks.values()) {
    expect(sumOfUsage(used), id).toEqual(sumOf(spent.filter(({ task }) => task === id)));
  }
}
