/**
 * A lane home behind a URL: the push is the commit point. Owns a bare cache of its objects; every look-up
 * asks the server, and every move is a plain fast-forward, branch and fence atomically together.
 */
import { WaggleError } from '../errors.ts';
import { openStore } from './bare-store.ts';
import { type Commit, formatOf, isCommitId } from './commit-id.ts';
import { readLink, writeLink } from './fence-chain.ts';
import { git } from './git.ts';
import { branchRef, type Fenced, fenceRef, type Landed, type Landing, type LaneHome } from './home.ts';
import { bringObjects, checkStep } from './landing.ts';
import { fetchRemote, pushRemote, readRemoteRefs, revNames } from './remote.ts';
import { hasCommit, isAncestor, resolveCommit } from './repository.ts';
import { lookUpRun } from './run-lookup.ts';

export interface OpenRemoteHome {
  readonly url: string;
  /** Folder of the cache, in the committer's locked state directory. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

const PUSH_TRIES = 3;

interface Standing {
  readonly tip: Commit | undefined;
  readonly fence: number;
  readonly link: Commit | undefined;
}

/** Opens the home. Errors: `git-failed` (unreachable), `repository-empty`. */
export async function openRemoteHome(options: OpenRemoteHome): Promise<LaneHome> {
  const { url, cacheDir } = options;
  const head = (await readRemoteRefs(url, ['HEAD'], options.signal)).get('HEAD');
  if (head === undefined) throw new WaggleError('repository-empty', { path: url });
  const objectFormat = formatOf(head);
  const gitDir = await openStore(cacheDir, { objectFormat, signal: options.signal });

  /** Brings what a ref stands for there into the cache. */
  async function bring(ref: string, commit: Commit, signal?: AbortSignal): Promise<Commit> {
    if (!(await hasCommit({ gitDir, signal }, commit))) {
      await fetchRemote(gitDir, url, [`+${ref}:refs/waggle/home/${ref}`], signal);
    }
    return commit;
  }

  async function tip(branch: string, signal?: AbortSignal): Promise<Commit | undefined> {
    const ref = branchRef(branch);
    const now = (await readRemoteRefs(url, [ref], signal)).get(ref);
    return now === undefined ? undefined : bring(ref, now, signal);
  }

  async function stand(lane: string, branch: string | undefined, signal?: AbortSignal): Promise<Standing> {
    const ref = fenceRef(lane);
    const names = branch === undefined ? [ref] : [ref, branchRef(branch)];
    const refs = await readRemoteRefs(url, names, signal);
    const link = refs.get(ref);
    const at = branch === undefined ? undefined : refs.get(branchRef(branch));
    if (at !== undefined && branch !== undefined) await bring(branchRef(branch), at, signal);
    if (link === undefined) return { tip: at, link, fence: 0 };
    const { fence, subject } = await readLink(gitDir, await bring(ref, link, signal), signal);
    if (fence === undefined) throw new WaggleError('fence-unreadable', { ref, home: url, found: subject });
    return { tip: at, link, fence };
  }

  async function raiseFence(lane: string, fence: number, signal?: AbortSignal): Promise<Fenced> {
    let failure: WaggleError | undefined;
    let seen: Commit | undefined;
    for (let sameSeen = 0; ; ) {
      const held = await stand(lane, undefined, signal);
      if (held.fence > fence) return { status: 'outrun', by: held.fence };
      if (held.fence === fence) return { status: 'held' };
      // Refusals that leave all as it was are no lost races, but a rival may just hold the server's lock.
      sameSeen = held.link === seen ? sameSeen + 1 : 0;
      if (failure !== undefined && sameSeen >= PUSH_TRIES) throw failure;
      seen = held.link;
      const link = await writeLink(gitDir, { fence, parent: held.link, signal });
      failure = await tryPush([`${link}:${fenceRef(lane)}`], signal);
    }
  }

  async function land(landing: Landing): Promise<Landed> {
    const { lane, branch, fence, old, new: next, signal } = landing;
    await checkStep(landing);
    const before = await stand(lane, branch, signal);
    let failure: WaggleError | undefined;
    if (before.tip === old && before.fence === fence) {
      await bringObjects(gitDir, landing);
      const link = await writeLink(gitDir, { fence, parent: before.link, lands: next, signal });
      failure = await tryPush([`${next}:${branchRef(branch)}`, `${link}:${fenceRef(lane)}`], signal);
    }
    const now = await stand(lane, branch, signal);
    if (now.tip !== undefined && (await contains(now.tip, next, signal))) return { status: 'landed' };
    const unmoved = now.tip === old && now.link === before.link && before.fence === fence;
    if (failure !== undefined && unmoved) throw failure;
    return { status: 'refused', fence: now.fence, ...(now.tip === undefined ? {} : { tip: now.tip }) };
  }

  async function contains(newer: Commit, older: Commit, signal?: AbortSignal): Promise<boolean> {
    const where = { gitDir, signal };
    return (await hasCommit(where, older)) && isAncestor(where, older, newer);
  }

  /** The refusal or failure of a push; what it means is for whoever reads the refs afterwards. */
  async function tryPush(refspecs: string[], signal?: AbortSignal): Promise<WaggleError | undefined> {
    const answer = await pushRemote(gitDir, url, refspecs, signal);
    if (answer.exitCode === 0) return undefined;
    const { exitCode, stderr } = answer;
    return new WaggleError('git-failed', { command: 'push', exitCode, stderr: stderr.trim().slice(-2_000) });
  }

  async function startOf(base: string, signal?: AbortSignal): Promise<Commit | undefined> {
    const names = revNames(base);
    const refs = await readRemoteRefs(url, names, signal);
    const ref = names.find((name) => refs.has(name));
    if (ref !== undefined) await fetchRemote(gitDir, url, [`+${ref}:refs/waggle/home/${ref}`], signal);
    else if (isCommitId(base) && !(await hasCommit({ gitDir, signal }, base))) {
      await fetchRemote(gitDir, url, [base], signal);
    }
    return resolveCommit({ gitDir, signal }, ref === undefined ? base : `refs/waggle/home/${ref}`);
  }

  return {
    home: url,
    gitDir,
    objectFormat,
    tip,
    fence: async (lane, signal) => (await stand(lane, undefined, signal)).fence,
    raiseFence,
    land,
    async open({ branch, base = 'HEAD', signal }) {
      await git(['check-ref-format', branchRef(branch)], { signal });
      const standing = await tip(branch, signal);
      if (standing !== undefined) return standing;
      const start = await startOf(base, signal);
      if (start === undefined) throw new WaggleError('lane-commit-missing', { home: url, commit: base });
      const failure = await tryPush([`${start}:${branchRef(branch)}`], signal);
      const made = await tip(branch, signal);
      if (made === undefined)
        throw failure ?? new WaggleError('lane-commit-missing', { home: url, commit: branch });
      return made;
    },
    async findRun(branch, { run, base, signal }) {
      const now = await tip(branch, signal);
      return now === undefined ? undefined : lookUpRun({ gitDir, signal }, { run, base, tip: now });
    },
  };
}
