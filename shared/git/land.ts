/**
 * Bringing a lane's branch into the branch that a person has checked out, by an ordinary merge that this person asks
 * for. The one place that moves somebody's own working tree.
 *
 * 1. Nothing is begun that could touch a change of the person's: what the merge would write to must be as HEAD has
 *    it, and no untracked or ignored file may stand where it would put one.
 * 2. Only fast-forwards and merges, of the checked-out branch alone; never an amend, a reset or a force.
 * 3. A merge with conflicts is taken back, so that everything is as it was, unless the person wants to solve them.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { WaggleError } from '../errors.ts';
import type { Commit } from './commit-id.ts';
import type { Variables } from './environment.ts';
import { git, gitLine } from './git.ts';
import { type LaneCommit, laneCommits } from './lane-commits.ts';
import { unfinishedOperation, unmergedFiles } from './operation.ts';
import { inspectRepository, isAncestor, resolveCommit } from './repository.ts';

export interface LandOptions {
  /** A folder of the working tree. */
  readonly dir: string;
  /** What the lane's branch is called, for messages and for refusing to land it on itself. */
  readonly branch: string;
  /** Gives the tip of the lane's branch, its objects present in the working tree's repository. */
  readonly fetchTip: (repository: { readonly gitDir: string }) => Promise<Commit>;
  /** Makes a merge commit where a fast-forward would do. */
  readonly noFastForward?: boolean;
  /** Leaves a merge with conflicts as it stands. */
  readonly keepConflict?: boolean;
  readonly message: (commits: readonly LaneCommit[]) => string;
  /** The person's environment: who the author of a merge is. */
  readonly variables: Variables;
}

export interface Place {
  /** The branch that got the lane. */
  readonly into: string;
  readonly from: Commit;
  readonly tip: Commit;
  /** Of the lane, that the branch didn't have; newest first. */
  readonly commits: readonly LaneCommit[];
  /** How many commits the branch had that the lane doesn't. */
  readonly ahead: number;
}

export type Land = Place &
  (
    | { readonly status: 'nothing-new' }
    | { readonly status: 'landed'; readonly how: 'fast-forward' | 'merge'; readonly to: Commit }
    | { readonly status: 'conflict'; readonly files: readonly string[]; readonly isKept: boolean }
  );

/**
 * Lands the lane. Errors: `refused` (its `reason`: `bare`, `detached`, `own-branch`, `unfinished`, `unrelated`,
 * `changes`, `no-identity`), `not-a-repository`, `repository-empty`, `git-failed`, and those of `fetchTip`.
 */
export async function land(options: LandOptions): Promise<Land> {
  const { dir, branch, noFastForward = false } = options;
  const repository = await inspectRepository(dir);
  const { path: top, head: from, branch: into } = repository;
  if (repository.bare) throw refused('bare', `${top} is a bare repository: there is no branch checked out`);
  if (into === undefined) {
    throw refused('detached', `HEAD of ${top} is detached; switch to the branch that shall get ${branch}`);
  }
  if (into === branch) {
    const message = `${branch} itself is checked out in ${top}; switch to the branch that shall get it`;
    throw refused('own-branch', message);
  }
  const treeGitDir = await gitLine(['rev-parse', '--absolute-git-dir'], { cwd: top });
  await refuseUnfinished(top, treeGitDir);
  const tip = await options.fetchTip(repository);
  const where = { cwd: top };
  const commits = await laneCommits(where, from, tip);
  const ahead = Number(await gitLine(['rev-list', '--count', from, `^${tip}`], where));
  const place: Place = { into, from, tip, commits, ahead };
  if (await isAncestor(where, tip, from)) return { ...place, status: 'nothing-new' };
  const isForward = await isAncestor(where, from, tip);
  const start = isForward ? from : await mergeBase(top, from, tip, branch);
  const isPlainForward = isForward && !noFastForward;
  await refuseChanges(top, await changedPaths(top, start, tip), isPlainForward);
  const asPerson = { cwd: top, userConfig: true };
  if (isPlainForward) {
    await git(['merge', '--quiet', '--ff-only', '--no-autostash', tip], asPerson);
    return { ...place, status: 'landed', how: 'fast-forward', to: tip };
  }
  const env = await identityOf(top, options.variables);
  const flags = ['--quiet', '--no-ff', '--no-edit', '--no-autostash', '-m', options.message(commits)];
  const merged = await git(['merge', ...flags, tip], { ...asPerson, env, okCodes: [0, 1, 2] });
  if (merged.exitCode === 0) {
    const to = await resolveCommit(where, 'HEAD');
    return { ...place, status: 'landed', how: 'merge', to: to ?? tip };
  }
  const files = await unmergedFiles(top);
  const isUnderWay = await exists(join(treeGitDir, 'MERGE_HEAD'));
  const isKept = isUnderWay && options.keepConflict === true;
  if (isUnderWay && !isKept) await git(['merge', '--abort'], asPerson);
  if (files.length > 0) return { ...place, status: 'conflict', files, isKept };
  const { exitCode, stderr, stdout } = merged;
  throw new WaggleError('git-failed', { command: 'merge', exitCode, stderr: (stderr || stdout).trim() });
}

const refused = (reason: string, message: string, more: object = {}): WaggleError =>
  new WaggleError('refused', { message, reason, ...more });

async function refuseUnfinished(top: string, treeGitDir: string): Promise<void> {
  const unfinished = await unfinishedOperation(top, treeGitDir);
  const marks = { MERGE_HEAD: 'merge', CHERRY_PICK_HEAD: 'cherry-pick', REVERT_HEAD: 'revert' } as const;
  const marked: string[] = [];
  for (const [file, name] of Object.entries(marks))
    if (await exists(join(treeGitDir, file))) marked.push(name);
  const operation = marked[0] ?? unfinished?.operation;
  if (operation === undefined) return;
  const message = `${top} is in the middle of a ${operation}; finish it, or take it back (\`git status\` says how)`;
  throw refused('unfinished', message, { files: unfinished?.files ?? [] });
}

async function mergeBase(top: string, ours: Commit, theirs: Commit, branch: string): Promise<Commit> {
  const found = await git(['merge-base', ours, theirs], { cwd: top, okCodes: [0, 1] });
  const [base = ''] = found.stdout.split('\n');
  if (found.exitCode === 0 && base !== '') return base.trim();
  throw refused('unrelated', `${branch} and what is checked out in ${top} have no commit in common`);
}

interface Change {
  readonly path: string;
  readonly isNew: boolean;
}

async function changedPaths(top: string, from: Commit, to: Commit): Promise<Change[]> {
  const flags = ['--name-status', '--no-renames', '--no-ext-diff', '-z'];
  const { stdout } = await git(['diff', ...flags, from, to, '--'], { cwd: top });
  const words = stdout.split('\0');
  const changes: Change[] = [];
  for (let at = 0; at + 1 < words.length; at += 2)
    changes.push({ isNew: words[at] === 'A', path: words[at + 1] ?? '' });
  return changes;
}

const FILES_NAMED = 5;

async function refuseChanges(top: string, changes: readonly Change[], isForward: boolean): Promise<void> {
  const status = await git(
    ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all', '--ignore-submodules=none'],
    { cwd: top, userConfig: true },
  );
  const entries = status.stdout.split('\0').filter((entry) => entry !== '');
  const staged = entries.filter((entry) => !/^[ ?!]/.test(entry)).map((entry) => entry.slice(3));
  if (!isForward && staged.length > 0) {
    const message = `changes are staged in ${top} (${named(staged)}): a merge would take them along; commit or unstage them`;
    throw refused('changes', message, { files: staged });
  }
  const touched = new Touched(changes.map(({ path }) => path));
  const dirty = entries.map((entry) => entry.slice(3).replace(/\/$/, '')).filter((path) => touched.has(path));
  const hidden = await ignoredAmong(top, changes);
  const files = [...new Set([...dirty, ...hidden])].sort();
  if (files.length === 0) return;
  const message = `${top} has changes that are in no commit where the merge would write: ${named(files)}; commit or stash them, or move them away`;
  throw refused('changes', message, { files });
}

const named = (files: readonly string[]): string =>
  files.slice(0, FILES_NAMED).join(', ') +
  (files.length > FILES_NAMED ? `, and ${files.length - FILES_NAMED} more` : '');

/** Files that git would overwrite without a word: it takes what is ignored for worthless. */
async function ignoredAmong(top: string, changes: readonly Change[]): Promise<string[]> {
  const standing: string[] = [];
  for (const { path, isNew } of changes) if (isNew && (await exists(join(top, path)))) standing.push(path);
  if (standing.length === 0) return [];
  const { stdout } = await git(['check-ignore', '-z', '--stdin'], {
    cwd: top,
    userConfig: true,
    input: standing.join('\0'),
    okCodes: [0, 1],
  });
  return stdout.split('\0').filter((path) => path !== '');
}

/** Paths, with all that lies above and below them. */
class Touched {
  readonly #paths: ReadonlySet<string>;
  readonly #folders: ReadonlySet<string>;

  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths);
    this.#folders = new Set(paths.flatMap(foldersOf));
  }

  has(path: string): boolean {
    return (
      this.#paths.has(path) ||
      this.#folders.has(path) ||
      foldersOf(path).some((folder) => this.#paths.has(folder))
    );
  }
}

function foldersOf(path: string): string[] {
  const steps = path.split('/').slice(0, -1);
  return steps.map((_, at) => steps.slice(0, at + 1).join('/'));
}

/** Who the person is to git: the environment wins, then the configuration. */
async function identityOf(top: string, variables: Variables): Promise<Record<string, string>> {
  const name = await settingOf(top, 'user.name');
  const email = await settingOf(top, 'user.email');
  const of = (key: string, fallback: string | undefined): string => {
    const found = variables[key]?.trim() || fallback;
    if (found !== undefined) return found;
    const message =
      'git does not know who you are, and a merge commit needs an author: git config --global user.name "…", and user.email';
    throw refused('no-identity', message);
  };
  const author = { name: of('GIT_AUTHOR_NAME', name), email: of('GIT_AUTHOR_EMAIL', email) };
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: of('GIT_COMMITTER_NAME', name ?? author.name),
    GIT_COMMITTER_EMAIL: of('GIT_COMMITTER_EMAIL', email ?? author.email),
  };
}

async function settingOf(top: string, key: string): Promise<string | undefined> {
  const found = await git(['config', '--get', key], { cwd: top, userConfig: true, okCodes: [0, 1] });
  const value = found.stdout.trim();
  return value === '' ? undefined : value;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
