/**
 * Pools: whose turn it is among the profiles that could take a task. The strategies only put them in an order; whether
 * one may run at all is decided before. Exact across machines, because there is one board.
 *
 * Invariant: a profile that was away starts level with the others instead of claiming all that it missed. Where a
 * strategy sees no difference, they take turns.
 */
import type { BoardPool, Offer } from '../../schemas/index.ts';
import { assertNever } from '../errors.ts';
import { profileMark, shareOf } from './budgets.ts';
import { portionOf } from './load.ts';
import { entryOf } from './lookup.ts';
import { profileState } from './profiles.ts';
import type { Board, PoolState } from './state.ts';
import { tokensOf } from './usage.ts';
import { utcDay } from './usage-book.ts';

/** What a harness tells of its allowance is believed so long where it does not say until when, and at most. */
const QUOTA_MS = 86_400_000;
const QUOTA_MOST_MS = 31 * QUOTA_MS;

const fresh: PoolState = { shares: new Map() };

/** The one of `offers` whose turn it is; those that the pool does not name come last, in their own order. */
export function turnOf(
  board: Board,
  pool: string | undefined,
  offers: readonly Offer[],
  now: number,
): Offer | undefined {
  const of = pool === undefined ? undefined : entryOf(board.config.pools ?? {}, pool);
  if (pool === undefined || of === undefined) return offers[0];
  const state = board.pools.get(pool) ?? fresh;
  const ranks = offers.map((offer) => ({ offer, rank: rankOf(board, of, state, offer.profile, now) }));
  let best: (typeof ranks)[number] | undefined;
  for (const one of ranks) if (best === undefined || isBefore(one.rank, best.rank)) best = one;
  return best?.offer;
}

/** Smaller goes first, by the first number that differs. */
function rankOf(
  board: Board,
  { strategy, profiles }: BoardPool,
  state: PoolState,
  profile: string,
  now: number,
): readonly number[] {
  const place = profiles.indexOf(profile);
  if (place < 0) return [1];
  const live = board.load.profile(profile);
  const last = state.last === undefined ? -1 : profiles.indexOf(state.last);
  const turn = (place - last - 1 + profiles.length) % profiles.length;
  switch (strategy) {
    case 'round_robin':
      return [0, turn];
    case 'weighted':
      return [0, shareIn(state, profile), place];
    case 'least_used':
      return [0, tokensOf(board.usage.of(utcDay(now), profile).usage), live, turn];
    case 'quota_aware':
      return [0, -leftOf(board, profile, now), live, turn];
    default:
      return assertNever(strategy);
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}

/** The share of its allowance that a profile has left: the least of what its budget and its harness say. */
function leftOf(board: Board, profile: string, now: number): number {
  const mark = profileMark(board, profile, now);
  const { quota, quota_at = 0 } = profileState(board, profile);
  const resetsAt = Math.min(quota?.resets_at ?? quota_at + QUOTA_MS, quota_at + QUOTA_MOST_MS);
  const told = quota === undefined || resetsAt <= now ? 1 : 1 - quota.used;
  return Math.min(mark === undefined ? 1 : 1 - shareOf(mark), told);
}

const shareIn = ({ shares }: PoolState, profile: string): number =>
  shares.get(profile) ?? (shares.size === 0 ? 0 : Math.min(...shares.values()));

/** A profile of the pool was granted a task. */
export function evolvePool(board: Board, pool: string, profile: string): void {
  const state = board.pools.get(pool) ?? fresh;
  const members = entryOf(board.config.pools ?? {}, pool)?.profiles ?? [];
  // Somebody outside of it takes nobody's turn.
  if (!members.includes(profile)) return;
  const had = shareIn(state, profile);
  const shares = new Map<string, number>();
  for (const member of members) shares.set(member, Math.max(shareIn(state, member), had));
  const weight = entryOf(board.config.profiles, profile)?.weight ?? 1;
  shares.set(profile, had + portionOf(weight));
  board.pools.set(pool, { last: profile, shares });
}

/** Pools that are not configured any more are forgotten. */
export function dropPools(board: Board): void {
  for (const name of board.pools.keys()) {
    if (entryOf(board.config.pools ?? {}, name) === undefined) board.pools.delete(name);
  }
}
