/**
 * Where a repository comes from, so that all its clones and working trees can be called the same.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { isWaggleError } from '../errors.ts';
import { git } from './git.ts';

/**
 * `url`: of a remote on another machine. `path`: of a bare repository on this one (absolute, real). `folder`: the main
 * working tree of a repository here that has no remote. `text`: as the remote says it, where none of these is found.
 */
export type Origin =
  | { readonly kind: 'url' | 'text'; readonly text: string }
  | { readonly kind: 'path' | 'folder'; readonly path: string };

/** A clone of a clone of a clone is followed that far. */
const DEEPEST = 5;

/**
 * The origin of the repository that holds `folder`: through its remote (`origin`, else the only one), and through
 * clones of clones on this machine. `isRemote` says of a remote's URL whether it is on another machine. Undefined
 * outside of a repository. Errors: `git-missing`, `git-failed`.
 */
export async function repositoryOrigin(
  folder: string,
  isRemote: (url: string) => boolean,
  signal?: AbortSignal,
): Promise<Origin | undefined> {
  let here = folder;
  let said: string | undefined;
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const place = await placeOf(here, signal);
    if (place === undefined) break;
    const url = await remoteOf(here, signal);
    if (url === undefined) {
      if (!place.isBare) return { kind: 'folder', path: place.path };
      return { kind: 'path', path: await realpath(place.path) };
    }
    if (isRemote(url)) return { kind: 'url', text: url };
    said = url;
    here = pathOf(url, place.path);
  }
  return said === undefined ? undefined : { kind: 'text', text: said };
}

async function placeOf(folder: string, signal?: AbortSignal) {
  const asked = ['rev-parse', '--path-format=absolute', '--git-common-dir', '--is-bare-repository'];
  try {
    const { stdout } = await git(asked, { cwd: folder, signal });
    const [gitDir = '', bare] = stdout.split('\n');
    const isMain = basename(gitDir) === '.git';
    return { path: isMain ? dirname(gitDir) : gitDir, isBare: bare === 'true' || !isMain };
  } catch (error) {
    if (isWaggleError(error, 'git-failed')) return undefined;
    throw error;
  }
}

/** With the user's configuration: it may say what a short form stands for. */
async function remoteOf(folder: string, signal?: AbortSignal): Promise<string | undefined> {
  const { stdout } = await git(['remote', '-v'], { cwd: folder, userConfig: true, signal });
  const remotes = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, name, url] = /^([^\t]+)\t(.+) \(fetch\)/.exec(line) ?? [];
    if (name !== undefined && url !== undefined) remotes.set(name, url);
  }
  const [only] = remotes.size === 1 ? remotes.values() : [];
  return remotes.get('origin') ?? only;
}

function pathOf(url: string, base: string): string {
  return resolve(base, url.replace(/^file:\/\/[^/]*/i, ''));
}
