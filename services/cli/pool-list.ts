/**
 * Pools with their members' states, for people and machines. Pure.
 */
import type { PoolView, ProfileView } from '../../schemas/index.ts';
import { noPaint, type Paint } from './paint.ts';
import { type ProfileState, profileState } from './profile-list.ts';
import { formatTable } from './table.ts';

/** A pool with its members in order. */
export interface PoolEntry {
  readonly name: string;
  readonly strategy: string;
  /** `state` is absent when the board was not heard of it. */
  readonly profiles: readonly { readonly name: string; readonly state?: ProfileState }[];
  /** Whose turn it was last. */
  readonly last?: string;
}

/** `now` in milliseconds since the epoch. */
export function poolEntry(
  { name, strategy, profiles, last }: PoolView,
  known: readonly ProfileView[],
  now: number,
): PoolEntry {
  const members = profiles.map((profile) => {
    const view = known.find((one) => one.name === profile);
    return view === undefined ? { name: profile } : { name: profile, state: profileState(view, now) };
  });
  return { name, strategy, profiles: members, ...(last === undefined ? {} : { last }) };
}

/** A line a pool. */
export function poolTable(pools: readonly PoolEntry[], paint: Paint = noPaint): string {
  const rows = pools.map(({ name, strategy, profiles, last }) => [
    name,
    strategy,
    profiles.map((one) => (one.state === undefined ? one.name : `${one.name} (${one.state})`)).join(', '),
    last,
  ]);
  return formatTable(['POOL', 'STRATEGY', 'PROFILES', 'LAST'], rows, paint);
}
