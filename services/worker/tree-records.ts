/**
 * What is known on disk of each tree in the worker's `work` folder, so that the next process on the same state
 * directory knows whose work it holds when this one is killed.
 *
 * 1. A record stands before its tree is made, and says `running` only once the tree is whole: what a harness never
 *    ran in holds no work.
 * 2. It says `over` before the tree's removal begins: half a tree is no work either.
 * 3. It names the place that wrote it: in a copy of the state directory git's pointers lead to the original.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface TreeRecord {
  readonly v: 1;
  readonly task: string;
  readonly title: string;
  readonly fence: number;
  readonly run: string;
  /** `Place.state` of the worker that made it. */
  readonly state: string;
  readonly phase: 'preparing' | 'running' | 'over';
  /** Absent: a plain folder of a task without a lane. */
  readonly git?: {
    /** The repository that the tree belongs to. */
    readonly gitDir: string;
    readonly base: string;
    /** Refs that were made for this run. */
    readonly refs: readonly string[];
  };
  /** The number of the newest checkpoint that was begun: no other may have it, whatever became of that one. */
  readonly checkpoints: number;
  /** Why the run's harness cannot go on, by its own word. */
  readonly blocked?: string;
  /** The newest tree that is stored or in the outbox; absent: that of `base`. */
  readonly savedTree?: string;
}

const fileIn = (folder: string): string => join(folder, 'run.json');

/** Writes the record into a run's folder; it appears whole. */
export async function writeTreeRecord(folder: string, record: TreeRecord): Promise<void> {
  const part = `${fileIn(folder)}.part`;
  await writeFile(part, JSON.stringify(record), { mode: 0o600 });
  await rename(part, fileIn(folder));
}

/** Undefined when there is none that can be read. */
export async function readTreeRecord(folder: string): Promise<TreeRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(fileIn(folder), 'utf8'));
    return isTreeRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTreeRecord(value: unknown): value is TreeRecord {
  const {
    v,
    task,
    title,
    fence,
    run,
    state,
    phase,
    git,
    checkpoints,
    blocked = '',
  } = (value ?? {}) as Partial<TreeRecord>;
  const texts = [
    task,
    title,
    run,
    state,
    phase,
    blocked,
    ...(git === undefined ? [] : [git.gitDir, git.base]),
  ];
  const numbers = [fence, checkpoints];
  return v === 1 && numbers.every(Number.isSafeInteger) && texts.every((text) => typeof text === 'string');
}
