/**
 * How many work grants are live, in all and by lane, profile and heaviness, and how much of its share each
 * weighted label has had: what the caps and the fair share compare with. Part of the board, so caps are
 * exact across machines. Manual grants are a person's and count nowhere.
 */
import type { Policies } from '../../schemas/index.ts';

export interface LoadKey {
  readonly lane: string | undefined;
  readonly profile: string | undefined;
  readonly heavy: boolean;
  readonly group: string;
}

export interface Load {
  begin(key: LoadKey, policies: Policies): void;
  end(key: LoadKey): void;
  total(): number;
  lane(name: string): number;
  profile(name: string): number;
  heavy(): number;
  /** What a label's group has had so far, by its weight: least goes first. */
  share(group: string): number;
}

export function createLoad(): Load {
  let total = 0;
  let heavy = 0;
  let floor = 0;
  const lanes = new Map<string, number>();
  const profiles = new Map<string, number>();
  const shares = new Map<string, number>();
  const add = (counts: Map<string, number>, name: string | undefined, change: number) => {
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + change);
  };
  // A group that was idle starts level with the others instead of claiming all it missed.
  const share = (group: string) => Math.max(shares.get(group) ?? 0, floor);
  const change = (key: LoadKey, by: number) => {
    total += by;
    if (key.heavy) heavy += by;
    add(lanes, key.lane, by);
    add(profiles, key.profile, by);
  };
  return {
    begin(key, policies) {
      change(key, 1);
      const had = share(key.group);
      floor = had;
      shares.set(key.group, had + 1 / (policies.weights[key.group] ?? 1));
    },
    end: (key) => change(key, -1),
    total: () => total,
    lane: (name) => lanes.get(name) ?? 0,
    profile: (name) => profiles.get(name) ?? 0,
    heavy: () => heavy,
    share,
  };
}
