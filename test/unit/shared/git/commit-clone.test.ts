import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommitClone, openCommitClone } from '../../../../shared/git/commit-clone.ts';
import { openPathHome } from '../../../../shared/git/path-home.ts';
import { shorten } from '../../../../shared/git/squash.ts';
import {
  boobyTrap,
  commitFiles,
  footprint,
  gitIn,
  gitSucceeds,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

describe('the commit clone', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let home: string;
  let work: string;
  let base: string;
  let clone: CommitClone;
  let dir: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    home = makeRepository(`${folder.path}/home`, {
      'a.txt': 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n',
      'lib/old name.txt': 'x\n'.repeat(20),
      'run.sh': 'echo\n',
      'bin.dat': new Uint8Array([0, 1, 2]),
      'f.trap': 'f\n',
      '.gitattributes': '*.trap filter=trap merge=trap diff=trap\n',
    });
    base = gitIn(home, 'rev-parse', 'HEAD');
    // Changes are made in a linked tree of the home, whose objects the clone borrows.
    work = `${folder.path}/work`;
    gitIn(home, 'worktree', 'add', '--quiet', '--detach', work, base);
    clone = await openCommitClone({ dir: `${folder.path}/clone.git`, home: await openPathHome(home) });
    dir = `${folder.path}/apply dir`;
  });
  afterEach(() => folder.remove());

  /** A commit of these files on top of base. */
  function branchOff(files: Record<string, string | Uint8Array>, edit?: () => void): string {
    gitIn(work, 'checkout', '--quiet', '--detach', base);
    edit?.();
    return commitFiles(work, files);
  }

  it('merges a change of several commits onto a tip that moved, and checks the result out', async () => {
    branchOff({ 'a.txt': 'ONE\ntwo\nthree\nfour\nfive\nsix\nseven\n' });
    const head = commitFiles(work, { 'c.txt': 'c\n' });
    const tip = branchOff({ 'a.txt': 'one\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n' });
    const applied = await clone.apply({ tip, base, head, dir });
    if (applied.status !== 'clean') throw new Error(applied.status);
    const merged = 'ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n';
    expect(readFileSync(`${dir}/a.txt`, 'utf8')).toBe(merged);
    const author = { name: 'worker-1', email: 'w@waggle' };
    const committer = { name: 'committer', email: 'c@waggle' };
    const commit = await clone.commitTree({
      tree: applied.tree,
      parent: tip,
      message: 'm ü\n',
      author,
      committer,
    });
    expect(gitIn(clone.gitDir, 'log', '-1', '--format=%P|%an|%cn|%B', commit)).toBe(
      `${tip}|worker-1|committer|m ü`,
    );
    expect(gitIn(clone.gitDir, 'show', `${commit}:a.txt`)).toBe(merged.trim());
    expect(gitIn(clone.gitDir, 'show', `${commit}:c.txt`)).toBe('c');
  });

  it('carries deletions, renames, modes, binary files and odd names', async () => {
    const head = branchOff({ 'bin.dat': new Uint8Array([0, 9, 9]), 'n ü\nl.txt': 'odd\n' }, () => {
      gitIn(work, 'mv', 'lib/old name.txt', 'moved.txt');
      gitIn(work, 'rm', '--quiet', 'f.trap');
      chmodSync(`${work}/run.sh`, 0o755);
    });
    const tip = branchOff({ 'lib/old name.txt': `${'x\n'.repeat(20)}tail\n` });
    expect((await clone.apply({ tip, base, head, dir })).status).toBe('clean');
    expect(readFileSync(`${dir}/moved.txt`, 'utf8')).toMatch(/tail\n$/);
    expect(existsSync(`${dir}/lib/old name.txt`)).toBe(false);
    expect(existsSync(`${dir}/f.trap`)).toBe(false);
    expect(statSync(`${dir}/run.sh`).mode & 0o111).not.toBe(0);
    expect([...readFileSync(`${dir}/bin.dat`)]).toEqual([0, 9, 9]);
    expect(readFileSync(`${dir}/n ü\nl.txt`, 'utf8')).toBe('odd\n');
  });

  it('does not move a new file into a folder that somebody renamed', async () => {
    const head = branchOff({ 'lib/new.txt': 'new\n' });
    const tip = branchOff({}, () => gitIn(work, 'mv', 'lib', 'src'));
    expect((await clone.apply({ tip, base, head, dir })).status).toBe('clean');
    expect(existsSync(`${dir}/lib/new.txt`)).toBe(true);
  });

  it('says that a change is empty when the tip has it already', async () => {
    const head = branchOff({ 'c.txt': 'c\n' });
    const tip = branchOff({ 'c.txt': 'c\n', 'd.txt': 'd\n' });
    expect(await clone.apply({ tip, base, head, dir })).toEqual({ status: 'empty' });
    expect(await clone.apply({ tip: base, base, head: base, dir })).toEqual({ status: 'empty' });
  });

  it('shows the files and hunks of a conflict, and can try again in the same place', async () => {
    const head = branchOff({ 'a.txt': 'theirs\n', 'bin.dat': new Uint8Array([0, 7]) }, () =>
      gitIn(work, 'rm', '--quiet', 'run.sh'),
    );
    const tip = branchOff({ 'a.txt': 'ours\n', 'bin.dat': new Uint8Array([0, 8]), 'run.sh': 'changed\n' });
    const applied = await clone.apply({ tip, base, head, dir });
    if (applied.status !== 'conflict') throw new Error(applied.status);
    expect([...applied.files].sort()).toEqual(['a.txt', 'bin.dat', 'run.sh']);
    expect(applied.detail).toMatch(/CONFLICT \(content\): Merge conflict in a\.txt/);
    expect(applied.detail).toMatch(/CONFLICT \(modify\/delete\): run\.sh/);
    expect(applied.detail).toMatch(/<<<<<<<.*ours.*=======.*theirs.*>>>>>>>/s);
    expect((await clone.apply({ tip: base, base, head, dir })).status).toBe('clean');
  });

  it('shows at most 8 KiB of a large conflict', async () => {
    const lines = (word: string) => Array.from({ length: 5_000 }, (_, i) => `${word} ü ${i}\n`).join('');
    const head = branchOff({ 'a.txt': lines('theirs') });
    const tip = branchOff({ 'a.txt': lines('ours') });
    const applied = await clone.apply({ tip, base, head, dir });
    if (applied.status !== 'conflict') throw new Error(applied.status);
    expect(Buffer.byteLength(applied.detail)).toBeLessThanOrEqual(8192);
    expect(applied.detail).toMatch(/… \(cut\)$/);
  });

  it('runs no hook, filter, merge or monitor driver of the home', async () => {
    const head = branchOff({ 'f.trap': 'theirs\n' });
    const tip = branchOff({ 'g.trap': 'g\n' });
    const conflicting = branchOff({ 'f.trap': 'ours\n' });
    const marker = `${folder.path}/marker`;
    boobyTrap(home, marker);
    rmSync(marker, { force: true });
    expect((await clone.apply({ tip, base, head, dir })).status).toBe('clean');
    expect((await clone.apply({ tip: conflicting, base, head, dir })).status).toBe('conflict');
    await clone.discard(dir);
    expect(existsSync(marker)).toBe(false);
    // The trap itself works: otherwise this test would prove nothing.
    gitIn(home, 'checkout', '--quiet', '-f', '--detach', tip);
    expect(existsSync(marker)).toBe(true);
  });

  it('merges a submodule entry as data', async () => {
    gitIn(work, 'update-index', '--add', '--cacheinfo', `160000,${'12'.repeat(20)},sub`);
    gitIn(work, 'commit', '--quiet', '--no-verify', '-m', 'sub');
    const head = gitIn(work, 'rev-parse', 'HEAD');
    gitIn(work, 'rm', '--quiet', '--cached', 'sub');
    const tip = branchOff({ 'd.txt': 'd\n' });
    const applied = await clone.apply({ tip, base, head, dir });
    if (applied.status !== 'clean') throw new Error(applied.status);
    expect(gitIn(clone.gitDir, 'ls-tree', applied.tree, 'sub')).toMatch(/^160000 commit/);
  });

  it('leaves the home as it was, dirty tree, index and all', async () => {
    const head = branchOff({ 'c.txt': 'c\n' });
    writeFiles(home, { 'a.txt': 'dirty\n', untracked: 'x' });
    gitIn(home, 'add', 'a.txt');
    const before = footprint(home);
    await clone.apply({ tip: base, base, head, dir });
    expect(footprint(home)).toBe(before);
    expect(gitSucceeds(home, 'fsck', '--strict')).toBe(true);
  });
});

describe('shorten', () => {
  it('cuts between characters and never above the limit', () => {
    expect(shorten('short', 100)).toBe('short');
    for (let limit = 20; limit < 30; limit += 1) {
      const text = shorten('ü€😀'.repeat(20), limit);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
      expect(text).not.toContain('\ufffd');
    }
  });
});
