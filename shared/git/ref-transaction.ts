/**
 * One all-or-nothing move of refs in a local repository. Owns the transaction and what a process killed in
 * the middle of one leaves behind: a lock file on the ref, which git itself would never remove.
 *
 * A lock is broken only on the refs of this very transaction (all of them Waggle's own), only after the move
 * failed, and only when it is older than any living transaction could be. Even if its owner should wake up,
 * nothing is called landed that was not read back.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { isWaggleError, type WaggleError } from '../errors.ts';
import { git } from './git.ts';
import { durable } from './landing.ts';

const STALE_LOCK_MS = 60_000;

/** Runs `git update-ref --stdin` with these lines; resolves to git's refusal, if any. */
export async function moveRefs(
  gitDir: string,
  lines: readonly string[],
  refs: readonly string[],
  signal?: AbortSignal,
): Promise<WaggleError | undefined> {
  const failure = await attempt(gitDir, lines, signal);
  if (failure === undefined || !(await breakStaleLocks(gitDir, refs))) return failure;
  return attempt(gitDir, lines, signal);
}

async function attempt(
  gitDir: string,
  lines: readonly string[],
  signal: AbortSignal | undefined,
): Promise<WaggleError | undefined> {
  const input = ['start', ...lines, 'prepare', 'commit', ''].join('\n');
  try {
    await git([...durable, 'update-ref', '-m', 'waggle', '--stdin'], { gitDir, input, signal });
    return undefined;
  } catch (error) {
    if (isWaggleError(error, 'git-failed')) return error;
    throw error;
  }
}

async function breakStaleLocks(gitDir: string, refs: readonly string[]): Promise<boolean> {
  let broken = false;
  for (const ref of refs) {
    const lock = join(gitDir, `${ref}.lock`);
    const found = await stat(lock).catch(() => undefined);
    if (found === undefined || systemClock.now() - found.mtimeMs < STALE_LOCK_MS) continue;
    await rm(lock, { force: true });
    broken = true;
  }
  return broken;
}
