/**
 * Keeps what tools write beside the sources (`.waggle/`, `.fmail/`) out of everybody's commits: a line in the
 * repository's own `info/exclude`, which no one else sees. Linked working trees share one such file.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isWaggleError } from '../../../shared/errors.ts';
import { gitLine } from '../../../shared/git/git.ts';

/** Adds the line for Waggle's own state once; whether it did. Nothing happens where `folder` is in no repository. */
export const excludeState = (folder: string): Promise<boolean> => exclude(folder, '.waggle');

/** The same for the mail tool's. */
export const excludeMail = (folder: string): Promise<boolean> => exclude(folder, '.fmail');

async function exclude(folder: string, name: string): Promise<boolean> {
  const file = await excludeFile(folder);
  if (file === undefined) return false;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').map((line) => line.trim());
  if ([name, `${name}/`, `/${name}`, `/${name}/`].some((known) => lines.includes(known))) return false;
  await mkdir(dirname(file), { recursive: true });
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, `${gap}${name}/\n`);
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
