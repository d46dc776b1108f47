import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBundle } from '../../../../shared/git/bundle.ts';
import { captureChange } from '../../../../shared/git/change-set.ts';
import { openCommitClone } from '../../../../shared/git/commit-clone.ts';
import type { Landed, LaneHome } from '../../../../shared/git/home.ts';
import { fenceRef } from '../../../../shared/git/home.ts';
import { commitMessage } from '../../../../shared/git/message.ts';
import { fetchLane, openMirror } from '../../../../shared/git/mirror.ts';
import { openHome } from '../../../../shared/git/open-home.ts';
import { addWorktree } from '../../../../shared/git/worktree.ts';
import {
  boobyTrap,
  commitFiles,
  footprint,
  gitIn,
  importCommit,
  makeBare,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

const kinds = ['dirty', 'detached', 'bare', 'linked', 'remote'] as const;
const lane = 'main';
const branch = 'waggle/main';
let folder: ReturnType<typeof temporaryFolder>;
/** The user's repository, and the place that the home names. */
let user: string;
let place: string;
let home: LaneHome;
let caches = 0;

const open = () => {
  caches += 1;
  return openHome(place, `${folder.path}/cache-${caches}.git`);
};
/** The folder of the home itself. */
const there = () => place.replace('file://', '');
const message = (run: string) =>
  commitMessage({ trailers: { task: 't', run, fence: 1, agent: 'a' }, title: `work of ${run}` });

/** A commit on top of `old`, in a store of its own that borrows the home's objects. */
function commitOn(old: string, name: string, text = message(name)): { from: string; new: string } {
  const from = `${folder.path}/clone.git`;
  if (!existsSync(from)) {
    gitIn(folder.path, 'init', '--quiet', '--bare', from);
    const objects = gitIn(there(), 'rev-parse', '--path-format=absolute', '--git-path', 'objects');
    writeFileSync(`${from}/objects/info/alternates`, `${objects}\n`);
  }
  return { from, new: importCommit(from, old, { name: `${name}.txt`, content: name }, text) };
}

let template: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  template = temporaryFolder();
  const origin = makeRepository(`${template.path}/user`, { 'a.txt': 'a\n', '.gitignore': 'ignored\n' });
  commitFiles(origin, { 'b.txt': 'b\n' });
  makeBare(origin, `${template.path}/bare.git`);
});
afterAll(() => template.remove());

function prepare(kind: (typeof kinds)[number]): void {
  folder = temporaryFolder();
  cpSync(template.path, folder.path, { recursive: true, preserveTimestamps: true });
  user = `${folder.path}/user`;
  place = user;
  if (kind === 'bare') place = `${folder.path}/bare.git`;
  if (kind === 'remote') place = `file://${folder.path}/bare.git`;
  if (kind === 'detached') gitIn(user, 'checkout', '--quiet', '--detach', 'HEAD~1');
  if (kind === 'linked') {
    place = `${folder.path}/linked`;
    gitIn(user, 'worktree', 'add', '--quiet', '-b', 'topic', place, 'HEAD~1');
  }
  writeFiles(user, { 'a.txt': 'dirty\n', untracked: 'x', ignored: 'y', staged: 'z' });
  gitIn(user, 'add', 'staged');
}

describe.each(kinds)('a %s home', (kind) => {
  beforeEach(async () => {
    prepare(kind);
    home = await open();
  });
  afterEach(() => folder.remove());

  it('opens the lane at its HEAD, once, and leaves the user alone', async () => {
    const before = [footprint(user), footprint(there())];
    const head = gitIn(there(), 'rev-parse', 'HEAD');
    expect(await home.tip(branch)).toBeUndefined();
    expect(await home.open({ branch })).toBe(head);
    expect(await home.open({ branch, base: 'HEAD' })).toBe(head);
    expect(await home.tip(branch)).toBe(head);
    expect([footprint(user), footprint(there())]).toEqual(before);
  });

  it('lands one commit, reads it back, and leaves the user alone', async () => {
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const made = commitOn(old, 'one');
    const before = [footprint(user), footprint(there())];
    expect(await home.land({ lane, branch, fence: 1, old, ...made })).toEqual({ status: 'landed' });
    expect(gitIn(there(), 'rev-parse', branch)).toBe(made.new);
    expect(gitIn(there(), 'show', `${branch}:one.txt`)).toBe('one');
    expect(await home.land({ lane, branch, fence: 1, old, ...made })).toEqual({ status: 'landed' });
    expect([footprint(user), footprint(there())]).toEqual(before);
    expect(gitIn(there(), 'fsck', '--connectivity-only')).not.toMatch(/missing|broken/);
    expect(existsSync(`${gitIn(there(), 'rev-parse', '--absolute-git-dir')}/FETCH_HEAD`)).toBe(false);
  });

  if (kind !== 'remote') {
    it('runs none of its hooks, drivers or monitors', async () => {
      const marker = `${folder.path}/marker`;
      boobyTrap(there(), marker);
      rmSync(marker, { force: true });
      const one = await open();
      const old = await one.open({ branch });
      await one.raiseFence(lane, 1);
      const made = commitOn(old, 'one');
      expect((await one.land({ lane, branch, fence: 1, old, ...made })).status).toBe('landed');
      await one.findRun(branch, { run: 'one' });
      expect(existsSync(marker)).toBe(false);
      // The trap itself works.
      gitIn(there(), 'update-ref', 'refs/heads/other', old);
      expect(readFileSync(marker, 'utf8')).toContain('reference-transaction');
    });
  }
});

describe.each(['dirty', 'remote'] as const)('the lane of a %s home', (kind) => {
  beforeEach(async () => {
    prepare(kind);
    home = await open();
  });
  afterEach(() => folder.remove());

  it('opens the lane at the base named, and names a base that is not there', async () => {
    const first = gitIn(user, 'rev-list', '--max-parents=0', 'main');
    gitIn(there(), 'tag', 'start', first);
    expect(await home.open({ branch, base: 'start' })).toBe(first);
    expect(await home.open({ branch: 'waggle/id', base: first })).toBe(first);
    await expect(home.open({ branch: 'waggle/x', base: 'nope' })).rejects.toMatchObject({
      code: 'lane-commit-missing',
    });
    await expect(home.open({ branch: 'bad..name' })).rejects.toMatchObject({ code: 'git-failed' });
  });

  it('raises the fence, holds it twice, and never lowers it', async () => {
    expect(await home.raiseFence(lane, 3)).toEqual({ status: 'held' });
    expect(await home.raiseFence(lane, 3)).toEqual({ status: 'held' });
    expect(await home.raiseFence(lane, 12)).toEqual({ status: 'held' });
    expect(await home.raiseFence(lane, 3)).toEqual({ status: 'outrun', by: 12 });
    expect(await home.raiseFence('other', 1)).toEqual({ status: 'held' });
    expect(await (await open()).raiseFence(lane, 11)).toEqual({ status: 'outrun', by: 12 });
  });

  it('keeps the highest of fences raised at once', async () => {
    const homes = await Promise.all([open(), open(), open(), open()]);
    const raised = await Promise.all(homes.map((one, index) => one.raiseFence(lane, index + 1)));
    expect(raised[3]).toEqual({ status: 'held' });
    expect(await home.raiseFence(lane, 3)).toEqual({ status: 'outrun', by: 4 });
  });

  it('refuses to land when the tip moved', async () => {
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const winner = commitOn(old, 'winner');
    const loser = commitOn(old, 'loser');
    await home.land({ lane, branch, fence: 1, old, ...winner });
    const refused: Landed = { status: 'refused', tip: winner.new, fence: 1 };
    expect(await (await open()).land({ lane, branch, fence: 1, old, ...loser })).toEqual(refused);
  });

  it('refuses to land below a higher fence, or with one that was never raised', async () => {
    const old = await home.open({ branch });
    const made = commitOn(old, 'one');
    expect(await home.land({ lane, branch, fence: 1, old, ...made })).toEqual({
      status: 'refused',
      tip: old,
      fence: 0,
    });
    await home.raiseFence(lane, 1);
    await (await open()).raiseFence(lane, 2);
    expect(await home.land({ lane, branch, fence: 1, old, ...made })).toEqual({
      status: 'refused',
      tip: old,
      fence: 2,
    });
    expect(await home.tip(branch)).toBe(old);
  });

  it('refuses a commit that is not one step forward', async () => {
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const one = commitOn(old, 'one');
    const two = commitOn(one.new, 'two').new;
    await expect(home.land({ lane, branch, fence: 1, old, from: one.from, new: two })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(await home.tip(branch)).toBe(old);
  });

  it('lets exactly one of two committers land, and none after a rival raised the fence', async () => {
    const old = await home.open({ branch });
    const [first, second] = await Promise.all([open(), open()]);
    await first.raiseFence(lane, 1);
    const made = ['p', 'q'].map((name) => commitOn(old, name));
    const outcomes = await Promise.all(
      [first, second].map((one, index) => one.land({ lane, branch, fence: 1, old, ...made[index]! })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['landed', 'refused']);
    const tip = await home.tip(branch);
    const next = commitOn(tip ?? '', 'r');
    const [raised, landed] = await Promise.all([
      second.raiseFence(lane, 2),
      first.land({ lane, branch, fence: 1, old: tip ?? '', ...next }),
    ]);
    expect(raised).toEqual({ status: 'held' });
    expect(await home.tip(branch)).toBe(landed.status === 'landed' ? next.new : tip);
    expect(await home.raiseFence(lane, 1)).toEqual({ status: 'outrun', by: 2 });
  });

  it('finds the commit of a run by its own trailers only', async () => {
    const base = await home.open({ branch });
    await home.raiseFence(lane, 1);
    let old = base;
    const landed = async (name: string, text?: string) => {
      const made = commitOn(old, name, text);
      const outcome = await home.land({ lane, branch, fence: 1, old, ...made });
      if (outcome.status !== 'landed') throw new Error(`${name} was refused`);
      const parent = old;
      old = made.new;
      return { commit: made.new, parent };
    };
    const one = await landed('one');
    await landed('forged', `fix: x\n\nWaggle-Run: run-9\n\n${message('two').split('\n\n').at(-1)}`);
    const last = await landed('prose', 'fix: y\n\nWaggle-Run: run-9\nand so on');
    await landed('subject', 'Waggle-Run: run-9');
    await landed('prefix', message('run-99'));
    expect(await home.findRun(branch, { run: 'one' })).toEqual(one);
    expect(await home.findRun(branch, { run: 'one', base })).toEqual(one);
    expect(await home.findRun(branch, { run: 'run-9', base })).toBeUndefined();
    expect(await home.findRun(branch, { run: 'one', base: last.commit })).toBeUndefined();
    expect(await home.findRun(branch, { run: 'one', base: 'ab'.repeat(20) })).toEqual(one);
    expect(await home.findRun('waggle/none', { run: 'one' })).toBeUndefined();
  });

  it('finds no run that only a merge brought in', async () => {
    const base = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const side = commitOn(base, 'side');
    const both = ['-p', base, '-p', side.new];
    const merge = gitIn(side.from, 'commit-tree', ...both, '-m', 'take it in', `${side.new}^{tree}`);
    const outcome = await home.land({ lane, branch, fence: 1, old: base, from: side.from, new: merge });
    expect(outcome.status).toBe('landed');
    expect(await home.findRun(branch, { run: 'side', base })).toBeUndefined();
  });
});

describe('a path home', () => {
  beforeEach(async () => {
    prepare('dirty');
    home = await open();
  });
  afterEach(() => folder.remove());

  it('refuses a branch that is checked out in any of its trees, and says where', async () => {
    const refusal = { code: 'branch-checked-out', message: expect.stringContaining(`${folder.path}/linked`) };
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const made = commitOn(old, 'one');
    gitIn(user, 'worktree', 'add', '--quiet', `${folder.path}/linked`, branch);
    await expect(home.open({ branch })).rejects.toMatchObject(refusal);
    await expect(home.land({ lane, branch, fence: 1, old, ...made })).rejects.toMatchObject(refusal);
    await expect(home.open({ branch: 'main' })).rejects.toMatchObject({ code: 'branch-checked-out' });
    rmSync(`${folder.path}/linked`, { recursive: true });
    expect(await home.open({ branch })).toBe(old);
  });

  it('may be a shallow clone', async () => {
    gitIn(folder.path, 'clone', '--quiet', '--bare', '--depth=1', `file://${user}`, 'shallow.git');
    place = `${folder.path}/shallow.git`;
    home = await open();
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const clone = await openCommitClone({ dir: `${folder.path}/own/clone.git`, home });
    const dir = `${folder.path}/own/tree`;
    const { new: head } = commitOn(old, 'x');
    gitIn(clone.gitDir, 'fetch', '--quiet', '--update-shallow', `${folder.path}/clone.git`, head);
    const applied = await clone.apply({ tip: old, base: old, head, dir });
    if (applied.status !== 'clean') throw new Error(applied.status);
    const author = { name: 'w', email: 'w@waggle' };
    const made = await clone.commitTree({ tree: applied.tree, parent: old, message: message('x'), author });
    const landing = { lane, branch, fence: 1, old, new: made, from: clone.gitDir };
    expect(await home.land(landing)).toEqual({ status: 'landed' });
    expect((await home.findRun(branch, { run: 'x', base: old }))?.commit).toBe(made);
  });

  it('takes the whole way from a worker to the branch', async () => {
    const tip = await home.open({ branch });
    const mirror = await openMirror({ dir: `${folder.path}/own/mirror.git`, home: place });
    const base = await fetchLane(mirror, { branch, tip });
    const tree = `${folder.path}/own/tree`;
    await addWorktree(mirror.gitDir, { dir: tree, commit: base });
    writeFiles(tree, { 'a.txt': 'better\n', 'n ew.txt': 'new\n' });
    const author = { name: 'w', email: 'w@waggle' };
    const change = await captureChange(tree, { base, message: 'feat: better', author });
    if (change.kind !== 'change') throw new Error(change.kind);
    const file = `${folder.path}/own/change.bundle`;
    await createBundle(tree, { base, head: change.head, file });

    await home.raiseFence(lane, 5);
    const clone = await openCommitClone({ dir: `${folder.path}/own/clone.git`, home });
    const range = { base, head: change.head };
    expect(await clone.importBundle(file, range)).toEqual({ status: 'ok' });
    const applied = await clone.apply({ tip, ...range, dir: `${folder.path}/own/apply` });
    if (applied.status !== 'clean') throw new Error(applied.status);
    const made = await clone.commitTree({ tree: applied.tree, parent: tip, message: message('r'), author });
    const landing = { lane, branch, fence: 5, old: tip, new: made, from: clone.gitDir };
    expect(await home.land(landing)).toEqual({ status: 'landed' });
    expect(gitIn(user, 'diff', '--stat', tip, branch)).toContain('2 files changed');
    expect(await fetchLane(mirror, { branch })).toBe(made);
    expect(gitIn(user, 'log', '--format=%s', `main..${branch}`)).toBe('chore: work of r');
  });

  it('breaks a lock that a killed transaction left, but not a young one', async () => {
    const lock = `${user}/.git/${fenceRef(lane)}.lock`;
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, '');
    await expect(home.raiseFence(lane, 1)).rejects.toMatchObject({ code: 'git-failed' });
    utimesSync(lock, 1, 1);
    expect(await home.raiseFence(lane, 1)).toEqual({ status: 'held' });
  });

  it('does not take a fence that it cannot read for none', async () => {
    gitIn(user, 'update-ref', fenceRef(lane), 'HEAD');
    await expect(home.raiseFence(lane, 1)).rejects.toMatchObject({ code: 'fence-unreadable' });
  });

  it('says that it is no repository, or has no commits', async () => {
    await expect(openHome(folder.path, 'unused')).rejects.toMatchObject({ code: 'not-a-repository' });
    gitIn(folder.path, 'init', '--quiet', 'empty');
    await expect(openHome(`${folder.path}/empty`, 'unused')).rejects.toMatchObject({
      code: 'repository-empty',
    });
  });
});

describe('a remote home', () => {
  beforeEach(async () => {
    prepare('remote');
    home = await open();
  });
  afterEach(() => folder.remove());

  it('moves branch and fence together or not at all', async () => {
    const old = await home.open({ branch });
    await home.raiseFence(lane, 1);
    const fence = gitIn(there(), 'rev-parse', fenceRef(lane));
    const made = commitOn(old, 'one');
    const hook = `${there()}/hooks/update`;
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) exit 1;; esac\n', { mode: 0o755 });
    await expect(home.land({ lane, branch, fence: 1, old, ...made })).rejects.toMatchObject({
      code: 'git-failed',
      message: expect.stringContaining('push'),
    });
    expect(gitIn(there(), 'rev-parse', fenceRef(lane))).toBe(fence);
    rmSync(hook);
    expect(await home.land({ lane, branch, fence: 1, old, ...made })).toEqual({ status: 'landed' });
    expect(gitIn(there(), 'rev-parse', `${fenceRef(lane)}^`)).toBe(fence);
    expect(gitIn(there(), 'log', '-1', '--format=%B', fenceRef(lane))).toBe(`fence 1\n\nlands ${made.new}`);
  });

  it('says that an empty repository has no commits, and that a missing one cannot be reached', async () => {
    gitIn(folder.path, 'init', '--quiet', '--bare', 'empty.git');
    place = `file://${folder.path}/empty.git`;
    await expect(open()).rejects.toMatchObject({ code: 'repository-empty' });
    place = `file://${folder.path}/none.git`;
    await expect(open()).rejects.toMatchObject({ code: 'git-failed' });
  });
});
