/**
 * Keeps `.waggle/` out of everybody's commits: a line in the repository's own `info/exclude`, which no one else
 * sees. Linked working trees share one such file.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWaggleError } from '../../../shared/errors.ts';
import { gitLine } from '../../../shared/git/git.ts';

const PATTERN = '.waggle/';

/** Adds the line once; whether it did. Nothing happens where `folder` is in no repository. */
export async function excludeState(folder: string): Promise<boolean> {
  const file = await excludeFile(folder);
  if (file === undefined) return false;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.some((line) => line === PATTERN || line === `/${PATTERN}` || line === '.waggle')) return false;
  await mkdir(dirname(file), { recursive: true });
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, `${gap}${PATTERN}\n`);
  return true;
}

/** Undefined outside of a repository. */
async function excludeFile(folder: string): Promise<string | undefined> {
  try {
    return await gitLine(['rev-parse', '--path-format=absolute', '--git-path', 'info/exclude'], {
      cwd: folder,
    });
  } catch (error) {
    if (isWaggleError(error, 'git-failed')) return undefined;
    throw error;
  }
}
