/**
 * How many work grants are live, in all and by lane, profile and heaviness, and how much of its share each
 * weighted label has had: what the caps and the fair share compare with. Part of the board, so caps are
 * exact across machines. Manual grants are a person's and count nowhere.
 *
 * Invariant: a grant ends as what it last counted as, whatever became of its task and the configuration since.
 */
import type { Policies } from '../../schemas/index.ts';
import { entryOf } from './lookup.ts';

export interface LoadKey {
  readonly lane: string | undefined;
  readonly profile: string | undefined;
  readonly heavy: boolean;
  readonly group: string;
}

export interface Load {
  begin(fence: number, key: LoadKey, policies: Policies): void;
  /** The task of a live grant was edited: it counts as `key` from now on. Shares stay as they are. */
  change(fence: number, key: LoadKey): void;
  end(fence: number): void;
  total(): number;
  lane(name: string): number;
  profile(name: string): number;
  heavy(): number;
  /** What a label's group has had so far, by its weight: least goes first. */
  share(group: string): number;
  /** What a snapshot keeps: the rest follows from the live grants. */
  shares(): Shares;
  /** A live grant that a snapshot brought: it counts, and has had its share. */
  resume(fence: number, key: LoadKey): void;
}

/** What each group has had, and what one that is new starts from. */
export interface Shares {
  readonly floor: number;
  readonly groups: ReadonlyMap<string, number>;
}

/** Weights beyond these are as good as these: shares must stay numbers that can be added. */
const WEIGHT_LEAST = 1e-6;
const WEIGHT_MOST = 1e6;

/** What one grant adds to the share of whoever has that weight. */
export const portionOf = (weight: number): number =>
  1 / Math.min(Math.max(weight, WEIGHT_LEAST), WEIGHT_MOST);

/** The first of the labels that has a weight; the empty text when none has. */
export function groupOf(policies: Policies, labels: readonly string[]): string {
  return labels.find((label) => entryOf(policies.weights, label) !== undefined) ?? '';
}

/** `had`: what the groups had when a snapshot was taken. */
export function createLoad(had: Shares = { floor: 0, groups: new Map() }): Load {
  let heavy = 0;
  let { floor } = had;
  const live = new Map<number, LoadKey>();
  const lanes = new Map<string, number>();
  const profiles = new Map<string, number>();
  const shares = new Map(had.groups);
  const add = (counts: Map<string, number>, name: string | undefined, change: number) => {
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + change);
  };
  // A group that was idle starts level with the others instead of claiming all it missed.
  const share = (group: string) => Math.max(shares.get(group) ?? 0, floor);
  const count = (key: LoadKey, by: number) => {
    if (key.heavy) heavy += by;
    add(lanes, key.lane, by);
    add(profiles, key.profile, by);
  };
  const end = (fence: number) => {
    const key = live.get(fence);
    if (key !== undefined) count(key, -1);
    live.delete(fence);
  };
  const enter = (fence: number, key: LoadKey) => {
    live.set(fence, key);
    count(key, 1);
  };
  return {
    begin(fence, key, policies) {
      enter(fence, key);
      const had = share(key.group);
      floor = had;
      shares.set(key.group, had + portionOf(entryOf(policies.weights, key.group) ?? 1));
    },
    change(fence, key) {
      if (!live.has(fence)) return;
      end(fence);
      enter(fence, key);
    },
    end,
    total: () => live.size,
    lane: (name) => lanes.get(name) ?? 0,
    profile: (name) => profiles.get(name) ?? 0,
    heavy: () => heavy,
    share,
    shares: () => ({ floor, groups: new Map(shares) }),
    resume: enter,
  };
}
