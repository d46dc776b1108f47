/**
 * The ready tasks, arranged so that a claim costs the same with ten tasks or a hundred thousand. Two levels:
 * a bucket holds a class of tasks that any claim treats alike (lane, requirements, heaviness, weighted label);
 * inside it, tasks with the same paths form a group. A bucket is a heap of its groups, a group a heap of tasks.
 *
 * Owns which tasks are ready and where they stand; knows nothing of why. Invariants:
 * 1. A group whose scope overlaps somebody's is parked whole with that holder and comes back when the holder's
 *    scope is let go, so ten thousand tasks on one file cost a claim no more than one.
 * 2. Heaps are cleaned lazily: an entry counts only while it is its task's current one, a stand only while it
 *    is its group's. Stale ones never outnumber live ones by more than `SLACK` and a factor of two.
 */
import TinyQueue from 'tinyqueue';
import type { Requires, Task } from '../../schemas/index.ts';
import { createPathScopes, type PathScopes } from './path-scopes.ts';

interface Rank {
  readonly rank: number;
  readonly ordinal: number;
}

interface Entry extends Rank {
  readonly task: string;
}

/** Where a group stands in its bucket: never behind its best task. */
interface Stand extends Rank {
  readonly group: Group;
}

interface Group {
  readonly key: string;
  readonly bucket: Bucket;
  queue: TinyQueue<Entry>;
  live: number;
  stand: Stand | undefined;
  holder: string | undefined;
}

interface Bucket {
  readonly of: ReadyClass;
  readonly groups: Map<string, Group>;
  stands: TinyQueue<Stand>;
}

/** Tasks that every claim treats alike. */
export interface ReadyClass {
  readonly key: string;
  readonly lane: string | undefined;
  readonly requires: Requires;
  readonly heavy: boolean;
  readonly group: string;
}

interface Delayed {
  readonly task: string;
  readonly at: number;
}

/** The head of a class: what a claim compares. `rank` is the priority, 0 first. */
export interface Candidate {
  readonly of: ReadyClass;
  readonly task: string;
  readonly rank: number;
  readonly ordinal: number;
}

export interface ReadyIndex {
  /** Number of tasks that could start now, parked ones included. */
  size(): number;
  has(task: string): boolean;
  put(task: Task, of: ReadyClass, ordinal: number): void;
  drop(task: string): void;
  /** Remembers a task that becomes ready at `at`. */
  delay(task: string, at: number): void;
  /** Takes out the tasks whose time has come. */
  due(now: number): string[];
  nextDue(): number | undefined;
  /** Forgets every task, ready or delayed, but not the scopes: the caller puts them in anew. */
  clear(): void;
  classes(): Iterable<ReadyClass>;
  /** The best task of a class; `parkedBy` names the task whose scope holds one back. */
  head(of: ReadyClass, parkedBy: (task: string) => string | undefined): Candidate | undefined;
  readonly scopes: (lane: string) => PathScopes;
  /** A holder's scope is free: what was parked with it is offered again. */
  unpark(holder: string): void;
  /** Every ready task in the order of priority and age; walks them all (for lists, not for claims). */
  all(): string[];
  /** How many classes, groups and tasks claims have looked at so far: the measure of their cost. */
  inspected(): number;
}

/** How many stale entries a heap may hold before it is cleaned. */
const SLACK = 32;

const before = (a: Rank, b: Rank): number => a.rank - b.rank || a.ordinal - b.ordinal;

export function createReadyIndex(): ReadyIndex {
  const buckets = new Map<string, Bucket>();
  const current = new Map<string, { entry: Entry; group: Group }>();
  const delays = new Map<string, Delayed>();
  const parked = new Map<string, Set<Group>>();
  const scopes = new Map<string, PathScopes>();
  const byTime = (a: Delayed, b: Delayed) => a.at - b.at;
  let delayed = new TinyQueue<Delayed>([], byTime);
  let inspected = 0;

  const isCurrent = (entry: Entry) => current.get(entry.task)?.entry === entry;

  const groupFor = (of: ReadyClass, paths: readonly string[]): Group => {
    let bucket = buckets.get(of.key);
    if (bucket === undefined) {
      bucket = { of, groups: new Map(), stands: new TinyQueue<Stand>([], before) };
      buckets.set(of.key, bucket);
    }
    const key = JSON.stringify(paths);
    let group = bucket.groups.get(key);
    if (group === undefined) {
      const queue = new TinyQueue<Entry>([], before);
      group = { key, bucket, queue, live: 0, stand: undefined, holder: undefined };
      bucket.groups.set(key, group);
    }
    return group;
  };

  const stand = (group: Group, { rank, ordinal }: Rank): void => {
    const { bucket } = group;
    group.stand = { group, rank, ordinal };
    bucket.stands.push(group.stand);
    if (bucket.stands.length > 2 * bucket.groups.size + SLACK) {
      const live = bucket.stands.data.filter((other) => other.group.stand === other);
      bucket.stands = new TinyQueue(live, before);
    }
  };

  const best = (group: Group): Entry | undefined => {
    for (let top = group.queue.peek(); top !== undefined; top = group.queue.peek()) {
      if (isCurrent(top)) return top;
      inspected += 1;
      group.queue.pop();
    }
    return undefined;
  };

  const park = (group: Group, holder: string): void => {
    group.stand = undefined;
    group.holder = holder;
    const guests = parked.get(holder);
    if (guests === undefined) parked.set(holder, new Set([group]));
    else guests.add(group);
  };

  const leave = (group: Group): void => {
    group.live -= 1;
    if (group.live > 0) return;
    const { bucket } = group;
    group.stand = undefined;
    bucket.groups.delete(group.key);
    if (bucket.groups.size === 0) buckets.delete(bucket.of.key);
  };

  const index: ReadyIndex = {
    size: () => current.size,
    has: (task) => current.has(task),
    put(task, of, ordinal) {
      index.drop(task.id);
      const group = groupFor(of, task.paths);
      const entry = { task: task.id, rank: Number(task.priority.slice(1)), ordinal };
      current.set(task.id, { entry, group });
      group.live += 1;
      group.queue.push(entry);
      if (group.queue.length > 2 * group.live + SLACK) {
        group.queue = new TinyQueue(group.queue.data.filter(isCurrent), before);
      }
      const isParked = group.holder !== undefined;
      if (!isParked && (group.stand === undefined || before(entry, group.stand) < 0)) stand(group, entry);
    },
    drop(task) {
      delays.delete(task);
      const place = current.get(task);
      if (place === undefined) return;
      current.delete(task);
      leave(place.group);
    },
    delay(task, at) {
      index.drop(task);
      const entry = { task, at };
      delays.set(task, entry);
      delayed.push(entry);
      if (delayed.length > 2 * delays.size + SLACK) delayed = new TinyQueue([...delays.values()], byTime);
    },
    due(now) {
      const tasks: string[] = [];
      for (let next = delayed.peek(); next !== undefined && next.at <= now; next = delayed.peek()) {
        delayed.pop();
        if (delays.get(next.task) !== next) continue;
        delays.delete(next.task);
        tasks.push(next.task);
      }
      return tasks;
    },
    nextDue() {
      for (let next = delayed.peek(); next !== undefined; next = delayed.peek()) {
        if (delays.get(next.task) === next) return next.at;
        delayed.pop();
      }
      return undefined;
    },
    clear() {
      buckets.clear();
      current.clear();
      delays.clear();
      parked.clear();
      delayed = new TinyQueue<Delayed>([], byTime);
    },
    *classes() {
      for (const bucket of buckets.values()) {
        inspected += 1;
        yield bucket.of;
      }
    },
    head(of, parkedBy) {
      const bucket = buckets.get(of.key);
      if (bucket === undefined) return undefined;
      for (let top = bucket.stands.peek(); top !== undefined; top = bucket.stands.peek()) {
        inspected += 1;
        const { group } = top;
        const entry = group.stand === top ? best(group) : undefined;
        if (entry !== undefined && before(entry, top) === 0) {
          const holder = parkedBy(entry.task);
          if (holder === undefined) return { of, ...entry };
          bucket.stands.pop();
          park(group, holder);
        } else {
          // An old stand, or one whose task has left: the group steps back behind the task that is now its best.
          bucket.stands.pop();
          if (entry !== undefined) stand(group, entry);
        }
      }
      return undefined;
    },
    scopes(lane) {
      let found = scopes.get(lane);
      if (found === undefined) {
        found = createPathScopes();
        scopes.set(lane, found);
      }
      return found;
    },
    unpark(holder) {
      for (const group of parked.get(holder) ?? []) {
        // A group that emptied while it was parked is gone; another may stand under its key by now.
        if (group.holder !== holder || group.live === 0) continue;
        group.holder = undefined;
        const entry = best(group);
        if (entry !== undefined) stand(group, entry);
      }
      parked.delete(holder);
    },
    all: () => [...current.values()].sort((a, b) => before(a.entry, b.entry)).map(({ entry }) => entry.task),
    inspected: () => inspected,
  };
  return index;
}
