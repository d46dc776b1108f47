/**
 * The worker's record of a run's tree (`runs/<run>/run.json`), as far as a clean-up needs it. What cannot be read is
 * no record, and its tree stays.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface TreeRecord {
  /** `Place.state` of the directory where it was written: in a copy git's pointers lead to the original. */
  readonly state: string;
  readonly phase: string;
  readonly git?: { readonly gitDir: string; readonly base: string; readonly refs: readonly string[] };
  /** The newest tree that is stored; absent: that of `base`. */
  readonly savedTree?: string;
}

/** Reads the record in a run's folder. */
export async function readTreeRecord(folder: string): Promise<TreeRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
    return isTreeRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTreeRecord(value: unknown): value is TreeRecord {
  const { v, state, phase, git } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return v === 1 && typeof state === 'string' && typeof phase === 'string' && isGit(git);
}

function isGit(value: unknown): boolean {
  if (value === undefined) return true;
  const { gitDir, base, refs } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof gitDir === 'string' && typeof base === 'string' && Array.isArray(refs);
}
