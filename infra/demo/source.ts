/**
 * Where the demo's files come from: a package that somebody else wrote, made into a repository, or a repository of
 * the user's. Of the latter it only reads; what is written there later is a branch of the swarm's own.
 */
import { cp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import { git } from '../../shared/git/git.ts';
import { inspectRepository, type Repository } from '../../shared/git/repository.ts';

export interface Source extends Repository {
  /** For people: `execa 9.6.1, from node_modules`. */
  readonly described: string;
  /** A lane that has left nothing in this repository yet; its branch is `waggle/<lane>`. */
  readonly lane: string;
}

/** A runtime dependency of ours with a hundred small source files: every install has it. */
const PACKAGE = 'execa';
const LANE = 'demo';

/** Makes a repository in the new folder `folder` of the package. Errors: `check-failed` when it is not there. */
export async function packageSource(folder: string, signal: AbortSignal): Promise<Source> {
  const { from, version } = await findPackage();
  const nested = `${sep}node_modules`;
  await cp(from, folder, {
    recursive: true,
    dereference: true,
    filter: (path) => !path.slice(from.length).includes(nested),
  });
  const where = { cwd: folder, signal };
  await git(['init', '--quiet', '--initial-branch=main', '.'], where);
  await git(['add', '--all', '--force', '.'], where);
  await git(['commit', '--quiet', '-m', `${PACKAGE} ${version}, as published`], where);
  const repository = await inspectRepository(folder, signal);
  return { ...repository, described: `${PACKAGE} ${version}, from node_modules`, lane: LANE };
}

/** The user's repository at or above `path`. Errors: `not-a-repository`, `repository-empty`. */
export async function repositorySource(path: string, signal: AbortSignal): Promise<Source> {
  const repository = await inspectRepository(resolve(path), signal);
  const lane = await freeLane(repository.gitDir, signal);
  return { ...repository, described: `the tracked files of ${basename(repository.path)}`, lane };
}

/** A lane of an earlier run holds its own commits and fences: each run takes a name that nobody has used. */
async function freeLane(gitDir: string, signal: AbortSignal): Promise<string> {
  const patterns = ['refs/heads/waggle', 'refs/waggle'];
  const { stdout } = await git(['for-each-ref', '--format=%(refname)', ...patterns], { gitDir, signal });
  const taken = new Set(stdout.split('\n').map((ref) => ref.slice(ref.lastIndexOf('/') + 1)));
  for (let n = 1; ; n += 1) {
    const lane = n === 1 ? LANE : `${LANE}-${n}`;
    if (!taken.has(lane)) return lane;
  }
}

async function findPackage(): Promise<{ from: string; version: string }> {
  const require = createRequire(import.meta.url);
  try {
    // A package may keep its package.json to itself; its entry file it cannot.
    let from = dirname(require.resolve(PACKAGE));
    while (basename(from) !== PACKAGE && dirname(from) !== from) from = dirname(from);
    const { version } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8')) as { version: string };
    return { from, version };
  } catch (error) {
    const message = `the package ${PACKAGE}, whose files the demo works on, is not installed (${messageOf(error)}); run \`npm ci\`, or name a repository with --repo`;
    throw new WaggleError('check-failed', { message }, { cause: error });
  }
}
