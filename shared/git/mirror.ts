/**
 * The worker's mirror of one lane home: where working trees come from. Owns bringing a lane's commits to
 * this machine; a home that is a path lends its objects in place, a URL is fetched from.
 *
 * It never writes into the home.
 */
import { WaggleError } from '../errors.ts';
import { openStore } from './bare-store.ts';
import { type Commit, formatOf, isCommitId } from './commit-id.ts';
import { git } from './git.ts';
import { fetchRemote, isUrl, readRemoteRefs, revNames } from './remote.ts';
import { hasCommit, inspectRepository, resolveCommit } from './repository.ts';

export interface Mirror {
  readonly home: string;
  readonly gitDir: string;
}

export interface OpenMirrorOptions {
  readonly dir: string;
  /** Path or URL of the lane's repository. */
  readonly home: string;
  readonly signal?: AbortSignal | undefined;
}

export interface LaneWanted {
  readonly branch: string;
  /** Rev of the home that stands in for the branch until a committer has made it; default its HEAD. */
  readonly base?: string;
  /** The exact commit that is needed; absent: the newest. */
  readonly tip?: Commit;
  readonly signal?: AbortSignal | undefined;
}

/** Makes or repairs the mirror. Errors: `not-a-repository`, `repository-empty`, `git-failed` (unreachable). */
export async function openMirror({ dir, home, signal }: OpenMirrorOptions): Promise<Mirror> {
  if (!isUrl(home)) {
    const { gitDir, objectFormat } = await inspectRepository(home, signal);
    return { home, gitDir: await openStore(dir, { borrowFrom: gitDir, objectFormat, signal }) };
  }
  const head = (await readRemoteRefs(home, ['HEAD'], signal)).get('HEAD');
  const format = head === undefined ? {} : { objectFormat: formatOf(head) };
  return { home, gitDir: await openStore(dir, { ...format, signal }) };
}

/** Makes sure that the lane's commit is in the mirror, and names it. Errors: `lane-commit-missing`. */
export async function fetchLane(mirror: Mirror, wanted: LaneWanted): Promise<Commit> {
  const here = { gitDir: mirror.gitDir, signal: wanted.signal };
  if (wanted.tip !== undefined && (await hasCommit(here, wanted.tip))) return wanted.tip;
  const found = isUrl(mirror.home)
    ? await fetchFromUrl(mirror, wanted)
    : await findInPath(mirror.home, wanted);
  if (found === undefined || !(await hasCommit(here, found))) {
    const commit = wanted.tip ?? wanted.branch;
    throw new WaggleError('lane-commit-missing', { commit, home: mirror.home });
  }
  // A ref keeps the commit from whoever tidies the mirror up, and tells the next fetch what is here.
  await git(['update-ref', keptRef(wanted.branch), found], here);
  return found;
}

const keptRef = (branch: string) => `refs/waggle/home/${branch}`;

async function findInPath(home: string, wanted: LaneWanted): Promise<Commit | undefined> {
  const where = { cwd: home, signal: wanted.signal };
  if (wanted.tip !== undefined) return resolveCommit(where, wanted.tip);
  return (
    (await resolveCommit(where, `refs/heads/${wanted.branch}`)) ??
    (await resolveCommit(where, wanted.base ?? 'HEAD'))
  );
}

async function fetchFromUrl({ home, gitDir }: Mirror, wanted: LaneWanted): Promise<Commit | undefined> {
  const { branch, base = 'HEAD', tip, signal } = wanted;
  const names = [`refs/heads/${branch}`, ...revNames(base)];
  const refs = await readRemoteRefs(home, names, signal);
  const name = names.find((candidate) => refs.has(candidate));
  const found = name === undefined && isCommitId(base) ? base : refs.get(name ?? '');
  if (name !== undefined) await fetchRemote(gitDir, home, [`+${name}:${keptRef(branch)}`], signal);
  const target = tip ?? found;
  if (target !== undefined && !(await hasCommit({ gitDir, signal }, target))) {
    await fetchRemote(gitDir, home, [target], signal);
  }
  return target === undefined ? undefined : resolveCommit({ gitDir, signal }, target);
}
