/**
 * The ready tasks, arranged so that a claim costs the same with ten tasks or a hundred thousand: one heap
 * per class of tasks that any claim treats alike (lane, requirements, heaviness, weighted label).
 *
 * Owns which tasks are ready and where they stand; knows nothing of why. A task that overlaps somebody's
 * path scope is parked with that holder and comes back when the holder's scope is let go, so that a claim
 * never walks past the same task twice.
 */
import TinyQueue from 'tinyqueue';
import type { Requires, Task } from '../../schemas/index.ts';
import { createPathScopes, type PathScopes } from './path-scopes.ts';

interface Entry {
  readonly task: string;
  readonly rank: number;
  readonly ordinal: number;
  readonly ticket: number;
}

/** Tasks that every claim treats alike. */
export interface ReadyClass {
  readonly key: string;
  readonly lane: string | undefined;
  readonly requires: Requires;
  readonly heavy: boolean;
  readonly group: string;
}

interface Bucket {
  readonly of: ReadyClass;
  readonly queue: TinyQueue<Entry>;
}

interface Delayed {
  readonly task: string;
  readonly at: number;
  readonly ticket: number;
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
  classes(): Iterable<ReadyClass>;
  /** The best task of a class; `parkedBy` names the task whose scope holds one back. */
  head(of: ReadyClass, parkedBy: (task: string) => string | undefined): Candidate | undefined;
  readonly scopes: (lane: string) => PathScopes;
  /** A holder's scope is free: what was parked with it is offered again. */
  unpark(holder: string): void;
  /** Every ready task in the order of priority and age; walks them all (for lists, not for claims). */
  all(): string[];
}

const before = (a: Entry, b: Entry): number => a.rank - b.rank || a.ordinal - b.ordinal;

export function createReadyIndex(): ReadyIndex {
  const buckets = new Map<string, Bucket>();
  const current = new Map<string, { entry: Entry; bucket: Bucket }>();
  const delayed = new TinyQueue<Delayed>([], (a, b) => a.at - b.at);
  const delays = new Map<string, number>();
  const parked = new Map<string, Set<string>>();
  const scopes = new Map<string, PathScopes>();
  let tickets = 0;

  const isCurrent = (entry: Entry) => current.get(entry.task)?.entry.ticket === entry.ticket;
  const bucketOf = (of: ReadyClass): Bucket => {
    const known = buckets.get(of.key);
    if (known !== undefined) return known;
    const bucket = { of, queue: new TinyQueue<Entry>([], before) };
    buckets.set(of.key, bucket);
    return bucket;
  };

  const index: ReadyIndex = {
    size: () => current.size,
    has: (task) => current.has(task),
    put(task, of, ordinal) {
      index.drop(task.id);
      const bucket = bucketOf(of);
      const entry = { task: task.id, rank: Number(task.priority.slice(1)), ordinal, ticket: ++tickets };
      current.set(task.id, { entry, bucket });
      bucket.queue.push(entry);
    },
    drop(task) {
      current.delete(task);
      delays.delete(task);
    },
    delay(task, at) {
      index.drop(task);
      const ticket = ++tickets;
      delays.set(task, ticket);
      delayed.push({ task, at, ticket });
    },
    due(now) {
      const tasks: string[] = [];
      for (let next = delayed.peek(); next !== undefined && next.at <= now; next = delayed.peek()) {
        delayed.pop();
        if (delays.get(next.task) !== next.ticket) continue;
        delays.delete(next.task);
        tasks.push(next.task);
      }
      return tasks;
    },
    nextDue() {
      for (let next = delayed.peek(); next !== undefined; next = delayed.peek()) {
        if (delays.get(next.task) === next.ticket) return next.at;
        delayed.pop();
      }
      return undefined;
    },
    *classes() {
      for (const [key, bucket] of buckets) {
        if (bucket.queue.length === 0) buckets.delete(key);
        else yield bucket.of;
      }
    },
    head(of, parkedBy) {
      const queue = buckets.get(of.key)?.queue;
      for (let top = queue?.peek(); queue !== undefined && top !== undefined; top = queue.peek()) {
        if (isCurrent(top)) {
          const holder = parkedBy(top.task);
          if (holder === undefined) return { of, task: top.task, rank: top.rank, ordinal: top.ordinal };
          const guests = parked.get(holder);
          if (guests === undefined) parked.set(holder, new Set([top.task]));
          else guests.add(top.task);
        }
        queue.pop();
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
      for (const task of parked.get(holder) ?? []) {
        const place = current.get(task);
        if (place === undefined) continue;
        // A fresh ticket: the parked entry may stand in the heap again through another way.
        const bucket = bucketOf(place.bucket.of);
        const entry = { ...place.entry, ticket: ++tickets };
        current.set(task, { entry, bucket });
        bucket.queue.push(entry);
      }
      parked.delete(holder);
    },
    all: () => [...current.values()].sort((a, b) => before(a.entry, b.entry)).map(({ entry }) => entry.task),
  };
  return index;
}
