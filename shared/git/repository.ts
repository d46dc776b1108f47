/**
 * Questions about a repository that change nothing in it: what it is, what a name stands for, how two
 * commits relate. Works alike for normal and bare repositories and linked working trees.
 */
import { resolve } from 'node:path';
import { isWaggleError, WaggleError } from '../errors.ts';
import { type Commit, formatOf, type ObjectFormat } from './commit-id.ts';
import { type GitOptions, git, gitLine } from './git.ts';

export interface Repository {
  /** Top of the working tree that was asked about; the repository itself when bare. */
  readonly path: string;
  /** The repository that all its working trees share. */
  readonly gitDir: string;
  readonly bare: boolean;
  readonly head: Commit;
  /** The branch HEAD is on; absent when detached. */
  readonly branch?: string;
  readonly objectFormat: ObjectFormat;
}

/** Where a rev is looked up: `cwd` sees that working tree's HEAD. */
export type Where = Pick<GitOptions, 'cwd' | 'gitDir' | 'signal' | 'env'>;

/** Looks at the repository at or above `path`. Errors: `not-a-repository`, `repository-empty`. */
export async function inspectRepository(path: string, signal?: AbortSignal): Promise<Repository> {
  const where: Where = { cwd: resolve(path), signal };
  const { bare, inside, gitDir } = await placeOf(path, where);
  const head = await resolveCommit(where, 'HEAD');
  if (head === undefined) throw new WaggleError('repository-empty', { path });
  const branch = await gitLine(['symbolic-ref', '--quiet', '--short', 'HEAD'], { ...where, okCodes: [0, 1] });
  return {
    path: inside ? await gitLine(['rev-parse', '--show-toplevel'], where) : gitDir,
    gitDir,
    bare,
    head,
    objectFormat: formatOf(head),
    ...(branch === '' ? {} : { branch }),
  };
}

async function placeOf(path: string, where: Where) {
  const asked = [
    '--is-bare-repository',
    '--is-inside-work-tree',
    '--path-format=absolute',
    '--git-common-dir',
  ];
  try {
    const { stdout } = await git(['rev-parse', ...asked], where);
    const [bare, inside, ...rest] = stdout.split('\n');
    return { bare: bare === 'true', inside: inside === 'true', gitDir: rest.join('\n') };
  } catch (error) {
    if (!isWaggleError(error, 'git-failed')) throw error;
    throw new WaggleError('not-a-repository', { path }, { cause: error });
  }
}

/** The commit that `rev` names there, tags peeled; undefined when it names none. */
export async function resolveCommit(where: Where, rev: string): Promise<Commit | undefined> {
  if (rev === '' || rev.startsWith('-')) return undefined;
  const answer = await git(['rev-parse', '--verify', '--quiet', `${rev}^{commit}`], {
    ...where,
    okCodes: [0, 1, 128],
  });
  return answer.exitCode === 0 ? answer.stdout.trim() : undefined;
}

/** Whether the commit object itself is there. */
export async function hasCommit(where: Where, commit: Commit): Promise<boolean> {
  return (await resolveCommit(where, commit)) === commit;
}

/** Whether `older` is `newer` or one of its ancestors; both must exist. */
export async function isAncestor(where: Where, older: Commit, newer: Commit): Promise<boolean> {
  if (older === newer) return true;
  const answer = await git(['merge-base', '--is-ancestor', older, newer], { ...where, okCodes: [0, 1] });
  return answer.exitCode === 0;
}

/** The tree of a commit that exists. */
export async function treeOf(where: Where, commit: Commit): Promise<string> {
  return gitLine(['rev-parse', '--verify', `${commit}^{tree}`], where);
}

/** The version of the git binary, `2.39.5`. Errors: `git-missing`. */
export async function gitVersion(): Promise<string> {
  const line = await gitLine(['--version']);
  return /\d+(\.\d+)+/.exec(line)?.[0] ?? line;
}
