/**
 * The content of a working tree as a git tree object, without touching its index, HEAD or files: made
 * through a copy of the index, so that it may be taken while an agent works there.
 *
 * Everything not ignored is in it, but nested repositories nobody declared as submodules: git could only
 * store a bare pointer to them. They are named instead.
 */
import { copyFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { randomId } from '../random.ts';
import { git, gitLine } from './git.ts';

export interface Snapshot {
  readonly tree: string;
  /** Nested repositories that were left out. */
  readonly skipped: readonly string[];
}

/** Writes the tree of `dir` (the top of a working tree); `treeGitDir` is that tree's own git directory. */
export async function snapshotTree(dir: string, treeGitDir: string, signal?: AbortSignal): Promise<Snapshot> {
  const index = join(treeGitDir, `waggle-index-${randomId(8)}`);
  const options = { cwd: dir, env: { GIT_INDEX_FILE: index }, signal };
  try {
    await copyIndex(join(treeGitDir, 'index'), index);
    const ignores = await ignoreFlags();
    const skipped = await nestedRepositories(ignores, options);
    const paths = ['.', ...skipped.map((path) => `:(top,exclude,literal)${path}`)];
    await git([...ignores, 'add', '--all', '--pathspec-from-file=-', '--pathspec-file-nul'], {
      ...options,
      input: paths.join('\0'),
    });
    return { tree: await gitLine(['write-tree'], options), skipped };
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/**
 * With its time: git looks into files that are as young as the index, because their times cannot show a change. A
 * younger copy would hide an edit of the same size made right after a checkout.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { atime, mtime } = await stat(from);
    await copyFile(from, to);
    await utimes(to, atime, mtime);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** The user's own ignore file counts too: harnesses list there what they drop into every tree. */
export async function ignoreFlags(): Promise<string[]> {
  const { stdout } = await git(['config', '--global', '--type=path', '--get', 'core.excludesFile'], {
    userConfig: true,
    okCodes: [0, 1, 128],
  });
  return stdout === '' ? [] : ['-c', `core.excludesFile=${stdout}`];
}

async function nestedRepositories(
  ignores: readonly string[],
  options: Parameters<typeof git>[1],
): Promise<string[]> {
  const { stdout } = await git([...ignores, 'ls-files', '--others', '--exclude-standard', '-z'], options);
  // Only a repository is listed as a folder.
  const folders = stdout.split('\0').filter((path) => path.endsWith('/'));
  return folders.map((path) => path.slice(0, -1));
}
