/**
 * Everything of a repository that a person would miss if it changed: HEAD, the index, the working tree, all refs
 * but the swarm's own. Reads only, and refreshes no index while it looks.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { git } from '../../shared/git/git.ts';
import type { Repository } from '../../shared/git/repository.ts';

/** Its parts by name, as digests. */
export type TreeFootprint = Readonly<Record<'HEAD' | 'refs' | 'index' | 'working tree', string>>;

/** `lane`: whose refs may move. */
export async function footprintOf(
  { path, gitDir, bare }: Pick<Repository, 'path' | 'gitDir' | 'bare'>,
  lane: string,
  signal: AbortSignal,
): Promise<TreeFootprint> {
  const where = { cwd: path, signal };
  const own = new Set([`refs/heads/waggle/${lane}`, `refs/waggle/fence/${lane}`]);
  const { stdout: listed } = await git(['for-each-ref', '--format=%(refname) %(objectname)'], {
    gitDir,
    signal,
  });
  const refs = listed.split('\n').filter((line) => !own.has(line.split(' ', 1)[0] ?? ''));
  const { stdout: files } = await git(
    ['rev-parse', '--path-format=absolute', '--git-path', 'HEAD', '--git-path', 'index'],
    where,
  );
  const [headFile = '', indexFile = ''] = files.split('\n');
  return {
    HEAD: digest(await readFile(headFile)),
    refs: digest(refs.join('\n')),
    index: digest(await readFile(indexFile).catch(absent)),
    'working tree': bare ? '' : digest(await workingTree(where)),
  };
}

/** What differs from the commit, and how: a file that was changed already must not change further either. */
async function workingTree(where: { cwd: string; signal: AbortSignal }): Promise<string> {
  const { stdout: status } = await git(['status', '--porcelain=v1', '-z', '--ignored'], where);
  const { stdout: changes } = await git(
    ['diff', 'HEAD', '--binary', '--no-ext-diff', '--no-textconv', '--no-color', '--ignore-submodules'],
    where,
  );
  return `${status}\0\0${changes}`;
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
