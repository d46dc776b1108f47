/**
 * Working trees of a repository of ours, outside of it, always detached. Owns adding, listing and
 * removing them; whether one may be removed is the caller's question (see work-state.ts).
 */
import { realpath, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Commit } from './commit-id.ts';
import { git } from './git.ts';

export interface Worktree {
  readonly path: string;
  readonly head?: Commit;
  /** Full ref name, `refs/heads/…`; absent when detached or bare. */
  readonly branch?: string;
  /** Its folder is gone; only git's own note of it is left. */
  readonly prunable: boolean;
}

export interface AddWorktreeOptions {
  readonly dir: string;
  readonly commit: Commit;
  readonly signal?: AbortSignal | undefined;
}

/** Checks `commit` out into the new folder `dir`; no hook, filter driver or submodule runs. */
export async function addWorktree(gitDir: string, options: AddWorktreeOptions): Promise<void> {
  const { dir, commit, signal } = options;
  // Twice forced: a note about a tree whose folder is gone must not stop a new one in its place.
  await git(['worktree', 'add', '--quiet', '--force', '--force', '--detach', resolve(dir), commit], {
    gitDir,
    signal,
  });
}

/** Deletes the folder, whatever it holds, and git's note of it. Done twice is done once. */
export async function removeWorktree(gitDir: string, dir: string): Promise<void> {
  await rm(resolve(dir), { recursive: true, force: true, maxRetries: 3 });
  await pruneWorktrees(gitDir);
}

/** Forgets working trees whose folders are gone. */
export async function pruneWorktrees(gitDir: string): Promise<void> {
  await git(['worktree', 'prune', '--expire=now'], { gitDir });
}

/** All working trees of the repository, its main one included. */
export async function listWorktrees(gitDir: string, signal?: AbortSignal): Promise<Worktree[]> {
  const { stdout } = await git(['worktree', 'list', '--porcelain'], { gitDir, signal });
  return stdout
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map(parseWorktree);
}

/** The working tree at `dir`, when the repository has one there. */
export async function findWorktree(gitDir: string, dir: string): Promise<Worktree | undefined> {
  const wanted = await realpath(dir).catch(() => resolve(dir));
  return (await listWorktrees(gitDir)).find(({ path }) => path === wanted);
}

/** One block of `git worktree list --porcelain`. */
export function parseWorktree(block: string): Worktree {
  const lines = block.split('\n');
  const value = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
  const head = value('HEAD');
  const branch = value('branch');
  return {
    path: value('worktree') ?? '',
    prunable: lines.some((line) => line === 'prunable' || line.startsWith('prunable ')),
    ...(head === undefined ? {} : { head }),
    ...(branch === undefined ? {} : { branch }),
  };
}
