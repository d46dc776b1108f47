import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBundle } from '../../../../shared/git/bundle.ts';
import {
  applyTree,
  checkpointRef,
  dropRefs,
  isSaved,
  keepAsRef,
  type SavedTree,
  saveTree,
} from '../../../../shared/git/checkpoint.ts';
import { fetchLane, openMirror } from '../../../../shared/git/mirror.ts';
import { addWorktree } from '../../../../shared/git/worktree.ts';
import {
  commitFiles,
  footprint,
  gitIn,
  gitSucceeds,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let home: string;
let gitDir: string;
let base: string;
let tree: string;
beforeEach(async () => {
  folder = temporaryFolder();
  home = makeRepository(`${folder.path}/home`, {
    'a.txt': 'one\n',
    'b.txt': 'b\n',
    '.gitignore': 'ignored\n',
  });
  const mirror = await openMirror({ dir: `${folder.path}/mirror.git`, home });
  gitDir = mirror.gitDir;
  base = await fetchLane(mirror, { branch: 'waggle/main' });
  tree = `${folder.path}/tree`;
  await addWorktree(gitDir, { dir: tree, commit: base });
});
afterEach(() => folder.remove());

const author = { name: 'worker-1', email: 'worker-1@waggle' };
const take = (since?: string) => saveTree(tree, { base, message: 'wip', author, since });
async function saved(since?: string): Promise<SavedTree> {
  const taken = await take(since);
  if (!isSaved(taken)) throw new Error('nothing was saved');
  return taken;
}
const bundled = async (name: string, { base: from, head }: SavedTree): Promise<string> => {
  const file = `${folder.path}/${name}.bundle`;
  await createBundle(tree, { base: from, head, file });
  return file;
};

describe('taking a checkpoint', () => {
  it('holds committed, staged, unstaged and new files, and leaves tree, index and HEAD as they are', async () => {
    commitFiles(tree, { 'committed.txt': 'c\n' });
    writeFiles(tree, { 'staged.txt': 's\n' });
    gitIn(tree, 'add', 'staged.txt');
    writeFiles(tree, { 'a.txt': 'two\n', 'new.txt': 'n\n', ignored: 'i\n' });
    const before = footprint(tree);
    const { head, base: from } = await saved();
    expect(footprint(tree)).toBe(before);
    expect(from).toBe(base);
    expect(gitIn(tree, 'diff', '--name-only', base, head).split('\n')).toEqual([
      'a.txt',
      'committed.txt',
      'new.txt',
      'staged.txt',
    ]);
  });

  it('is skipped when nothing changed since the last, and not when a change was undone', async () => {
    expect(isSaved(await take())).toBe(false);
    writeFiles(tree, { 'a.txt': 'two\n' });
    const first = await saved();
    expect(isSaved(await take(first.tree))).toBe(false);
    writeFiles(tree, { 'a.txt': 'one\n' });
    const undone = await saved(first.tree);
    expect(gitIn(tree, 'diff', '--name-only', base, undone.head)).toBe('');
    expect(undone.head).not.toBe(base);
    await bundled('undone', undone);
    expect(isSaved(await take(undone.tree))).toBe(false);
  });

  it('takes a tree in the middle of a merge as it stands', async () => {
    gitIn(tree, 'checkout', '-q', '-b', 'other');
    commitFiles(tree, { 'a.txt': 'theirs\n' });
    gitIn(tree, 'checkout', '-q', '--detach', base);
    commitFiles(tree, { 'a.txt': 'ours\n' });
    expect(gitSucceeds(tree, 'merge', 'other')).toBe(false);
    const { head } = await saved();
    expect(gitIn(tree, 'show', `${head}:a.txt`)).toContain('<<<<<<<');
  });

  it('names nested repositories, which it cannot hold', async () => {
    makeRepository(`${tree}/nested`);
    writeFiles(tree, { 'a.txt': 'two\n' });
    expect((await take()).skipped).toEqual(['nested']);
  });
});

describe('bringing a checkpoint into a fresh tree', () => {
  /** A second machine: a mirror and a tree of its own, at the lane's newest commit. */
  async function elsewhere(): Promise<{ gitDir: string; dir: string; tip: string }> {
    const mirror = await openMirror({ dir: `${folder.path}/mirror-2.git`, home });
    const tip = await fetchLane(mirror, { branch: 'waggle/main' });
    const dir = `${folder.path}/tree-2`;
    await addWorktree(mirror.gitDir, { dir, commit: tip });
    return { gitDir: mirror.gitDir, dir, tip };
  }
  const ref = checkpointRef(7);

  it('gives its work as uncommitted changes, new files included, and keeps it under a ref', async () => {
    commitFiles(tree, { 'a.txt': 'two\n' });
    writeFiles(tree, { 'new.txt': 'n\n' });
    rmSync(`${tree}/b.txt`);
    const taken = await saved();
    const file = await bundled('work', taken);
    const there = await elsewhere();
    expect(await keepAsRef(there.gitDir, ref, { ...taken, file })).toBeUndefined();
    const applied = await applyTree(there.gitDir, there.dir, { ...taken, tip: there.tip });
    expect(applied).toEqual({ status: 'applied', tree: taken.tree });
    expect(gitIn(there.dir, 'status', '--porcelain').split('\n').toSorted()).toEqual([
      'A  new.txt',
      'D  b.txt',
      'M  a.txt',
    ]);
    expect(gitIn(there.dir, 'rev-parse', 'HEAD')).toBe(there.tip);
    expect(gitIn(there.dir, 'rev-parse', ref)).toBe(taken.head);
    const gitFolder = gitIn(there.dir, 'rev-parse', '--absolute-git-dir');
    expect(existsSync(`${gitFolder}/MERGE_MSG`)).toBe(false);
    await dropRefs(there.gitDir, [ref, checkpointRef(8)]);
    expect(gitSucceeds(there.dir, 'rev-parse', '--verify', '--quiet', ref)).toBe(false);
  });

  it('brings it onto a tip that has moved', async () => {
    writeFiles(tree, { 'new.txt': 'n\n' });
    const taken = await saved();
    const file = await bundled('work', taken);
    commitFiles(home, { 'b.txt': 'moved\n' });
    const there = await elsewhere();
    expect(await keepAsRef(there.gitDir, ref, { ...taken, file })).toBeUndefined();
    expect(await applyTree(there.gitDir, there.dir, { ...taken, tip: there.tip })).toMatchObject({
      status: 'applied',
    });
    expect(readFileSync(`${there.dir}/b.txt`, 'utf8')).toBe('moved\n');
    expect(readFileSync(`${there.dir}/new.txt`, 'utf8')).toBe('n\n');
  });

  it('leaves the tree at its tip when the work does not fit any more', async () => {
    writeFiles(tree, { 'a.txt': 'mine\n', 'new.txt': 'n\n' });
    const taken = await saved();
    const file = await bundled('work', taken);
    commitFiles(home, { 'a.txt': 'theirs\n' });
    const there = await elsewhere();
    expect(await keepAsRef(there.gitDir, ref, { ...taken, file })).toBeUndefined();
    expect(await applyTree(there.gitDir, there.dir, { ...taken, tip: there.tip })).toEqual({
      status: 'conflict',
      files: ['a.txt'],
    });
    expect(gitIn(there.dir, 'status', '--porcelain')).toBe('');
    expect(readFileSync(`${there.dir}/a.txt`, 'utf8')).toBe('theirs\n');
    expect(gitIn(there.dir, 'show', `${ref}:new.txt`)).toBe('n');
  });

  it('says what is wrong with a bundle that is none, and makes no ref of it', async () => {
    const there = await elsewhere();
    writeFiles(folder.path, { 'bad.bundle': 'no bundle\n' });
    const bad = { base, head: base, file: `${folder.path}/bad.bundle` };
    expect(await keepAsRef(there.gitDir, ref, bad)).toMatch(/not a git bundle/);
    expect(gitSucceeds(there.dir, 'rev-parse', '--verify', '--quiet', ref)).toBe(false);
  });
});
