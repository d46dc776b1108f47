/**
 * A lane home that is a repository on this machine, the user's own or a bare one. Owns moving its two
 * kinds of refs (the lane's branch, the lane's fence) in single transactions; writes nothing else there
 * but objects. The fence is a ref to a blob that holds the number.
 */
import { WaggleError } from '../errors.ts';
import { type Commit, nullIdLike } from './commit-id.ts';
import { git, gitLine } from './git.ts';
import { branchRef, type Fenced, fenceRef, type Landed, type Landing, type LaneHome } from './home.ts';
import { bringObjects, checkStep } from './landing.ts';
import { moveRefs } from './ref-transaction.ts';
import { inspectRepository, isAncestor, resolveCommit } from './repository.ts';
import { lookUpRun } from './run-lookup.ts';
import { listWorktrees } from './worktree.ts';

interface Held {
  readonly fence: number;
  /** Name of the object that the fence ref points to; absent without a ref. */
  readonly id?: string;
}

/** Opens the repository at `home`. Errors: `not-a-repository`, `repository-empty`. */
export async function openPathHome(home: string, signal?: AbortSignal): Promise<LaneHome> {
  const { gitDir, head, objectFormat } = await inspectRepository(home, signal);
  const nullId = nullIdLike(head);
  const at = (signalNow?: AbortSignal) => ({ gitDir, signal: signalNow });

  async function readFence(lane: string, signalNow?: AbortSignal): Promise<Held> {
    const ref = fenceRef(lane);
    const input = `${ref}\n`;
    const { stdout } = await git(['cat-file', '--batch'], { ...at(signalNow), input });
    const [, id, found = ''] = /^([0-9a-f]+) blob [0-9]+\n(.*)$/s.exec(stdout.trim()) ?? [];
    if (id === undefined && stdout.trim() === `${ref} missing`) return { fence: 0 };
    if (id === undefined || !/^[0-9]{1,15}$/.test(found)) {
      throw new WaggleError('fence-unreadable', { ref, home, found: stdout.trim().slice(0, 100) });
    }
    return { fence: Number(found), id };
  }

  async function writeFence(fence: number, signalNow?: AbortSignal): Promise<string> {
    return gitLine(['hash-object', '-w', '--stdin'], { ...at(signalNow), input: `${fence}\n` });
  }

  function tip(branch: string, signalNow?: AbortSignal): Promise<Commit | undefined> {
    return resolveCommit(at(signalNow), branchRef(branch));
  }

  async function refuseCheckedOut(branch: string, signalNow?: AbortSignal): Promise<void> {
    const trees = await listWorktrees(gitDir, signalNow);
    const busy = trees.find((tree) => !tree.prunable && tree.branch === branchRef(branch));
    if (busy !== undefined) throw new WaggleError('branch-checked-out', { branch, path: busy.path });
  }

  async function raiseFence(lane: string, fence: number, signalNow?: AbortSignal): Promise<Fenced> {
    for (;;) {
      const held = await readFence(lane, signalNow);
      if (held.fence > fence) return { status: 'outrun', by: held.fence };
      if (held.fence === fence) return { status: 'held' };
      const wanted = await writeFence(fence, signalNow);
      const line = `update ${fenceRef(lane)} ${wanted} ${held.id ?? nullId}`;
      const failure = await moveRefs(gitDir, [line], [fenceRef(lane)], signalNow);
      if (failure === undefined) return { status: 'held' };
      const now = await readFence(lane, signalNow);
      if (now.id === held.id) throw failure;
    }
  }

  async function land(landing: Landing): Promise<Landed> {
    const { lane, branch, fence, old, new: next, signal: signalNow } = landing;
    await checkStep(landing);
    await refuseCheckedOut(branch, signalNow);
    await bringObjects(gitDir, landing);
    const verify = `verify ${fenceRef(lane)} ${await writeFence(fence, signalNow)}`;
    // From here on no abort: it takes milliseconds, and a half-told outcome would have to be looked up again.
    const update = `update ${branchRef(branch)} ${next} ${old}`;
    const failure = await moveRefs(gitDir, [verify, update], [fenceRef(lane), branchRef(branch)]);
    const now = await tip(branch);
    if (now === next) return { status: 'landed' };
    // A rival that landed on top of it since then doesn't undo it.
    if (now !== undefined && (await isAncestor({ gitDir }, next, now))) return { status: 'landed' };
    const held = await readFence(lane);
    if (failure !== undefined && now === old && held.fence === fence) throw failure;
    return { status: 'refused', fence: held.fence, ...(now === undefined ? {} : { tip: now }) };
  }

  return {
    home,
    gitDir,
    objectFormat,
    tip,
    fence: async (lane, signalNow) => (await readFence(lane, signalNow)).fence,
    raiseFence,
    land,
    async open({ branch, base = 'HEAD', signal: signalNow }) {
      await git(['check-ref-format', branchRef(branch)], at(signalNow));
      await refuseCheckedOut(branch, signalNow);
      const standing = await tip(branch, signalNow);
      if (standing !== undefined) return standing;
      const start = await resolveCommit({ cwd: home, signal: signalNow }, base);
      if (start === undefined) throw new WaggleError('lane-commit-missing', { home, commit: base });
      const line = `create ${branchRef(branch)} ${start}`;
      const failure = await moveRefs(gitDir, [line], [branchRef(branch)], signalNow);
      const made = await tip(branch, signalNow);
      if (made === undefined)
        throw failure ?? new WaggleError('lane-commit-missing', { home, commit: branch });
      return made;
    },
    async findRun(branch, { run, base, signal: signalNow }) {
      const now = await tip(branch, signalNow);
      return now === undefined ? undefined : lookUpRun(at(signalNow), { run, base, tip: now });
    },
  };
}
