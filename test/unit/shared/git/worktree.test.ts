import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchLane, type Mirror, openMirror } from '../../../../shared/git/mirror.ts';
import { workState } from '../../../../shared/git/work-state.ts';
import {
  addWorktree,
  findWorktree,
  listWorktrees,
  pruneWorktrees,
  removeWorktree,
} from '../../../../shared/git/worktree.ts';
import {
  boobyTrap,
  commitFiles,
  gitIn,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

describe('working trees of the mirror', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let mirror: Mirror;
  let base: string;
  let tree: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    const home = makeRepository(`${folder.path}/home`, {
      'a.txt': 'a\n',
      'f.trap': 'f\n',
      '.gitattributes': '*.trap filter=trap merge=trap diff=trap\n',
      '.gitignore': 'ignored\n',
    });
    boobyTrap(home, `${folder.path}/marker`);
    mirror = await openMirror({ dir: `${folder.path}/mirror.git`, home });
    boobyTrap(mirror.gitDir, `${folder.path}/marker`);
    for (const key of ['filter.trap.clean', 'filter.trap.smudge', 'filter.trap.process']) {
      gitIn(mirror.gitDir, 'config', '--unset', key);
    }
    rmSync(`${folder.path}/marker`, { force: true });
    base = await fetchLane(mirror, { branch: 'waggle/main' });
    tree = `${folder.path}/tree ü`;
    await addWorktree(mirror.gitDir, { dir: tree, commit: base });
  });
  afterEach(() => folder.remove());

  it('are detached at the commit, and no hook or driver ran for them', () => {
    expect(gitIn(tree, 'rev-parse', 'HEAD')).toBe(base);
    expect(gitIn(tree, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
    expect(existsSync(`${folder.path}/marker`)).toBe(false);
  });

  it('are listed and found', async () => {
    expect(await findWorktree(mirror.gitDir, tree)).toEqual({ path: tree, head: base, prunable: false });
    expect(await findWorktree(mirror.gitDir, `${folder.path}/none`)).toBeUndefined();
  });

  it('never replace what stands in their place', async () => {
    await expect(addWorktree(mirror.gitDir, { dir: tree, commit: base })).rejects.toMatchObject({
      code: 'git-failed',
    });
  });

  it('go away with everything in them, twice without complaint', async () => {
    writeFiles(tree, { 'deep/er/x': 'x' });
    await removeWorktree(mirror.gitDir, tree);
    await removeWorktree(mirror.gitDir, tree);
    expect(existsSync(tree)).toBe(false);
    expect(await listWorktrees(mirror.gitDir)).toHaveLength(1);
  });

  it('are forgotten, or made again in the same place, when their folder is gone', async () => {
    rmSync(tree, { recursive: true });
    await addWorktree(mirror.gitDir, { dir: tree, commit: base });
    rmSync(tree, { recursive: true });
    await pruneWorktrees(mirror.gitDir);
    expect(await findWorktree(mirror.gitDir, tree)).toBeUndefined();
  });

  describe('workState', () => {
    const state = () => workState(tree, base);

    it('finds nothing in a fresh tree, ignored files aside', async () => {
      writeFiles(tree, { ignored: 'x' });
      expect(await state()).toEqual({
        commits: 0,
        staged: false,
        unstaged: false,
        untracked: false,
        unfinished: false,
        hasWork: false,
      });
    });

    it('finds an edit, a staged file, an untracked file and a commit', async () => {
      writeFiles(tree, { 'a.txt': 'changed\n' });
      expect(await state()).toMatchObject({ unstaged: true, staged: false, hasWork: true });
      gitIn(tree, 'add', 'a.txt');
      expect(await state()).toMatchObject({ unstaged: false, staged: true, hasWork: true });
      gitIn(tree, 'commit', '--quiet', '--no-verify', '-m', 'x');
      expect(await state()).toMatchObject({ commits: 1, staged: false, hasWork: true });
      gitIn(tree, 'reset', '--quiet', '--hard', base);
      writeFiles(tree, { 'new\nfile': 'x' });
      expect(await state()).toMatchObject({ commits: 0, untracked: true, hasWork: true });
    });

    it('finds a rebase that stopped', async () => {
      commitFiles(tree, { b: 'b' });
      const script = `${folder.path}/edit.sh`;
      writeFileSync(script, '#!/bin/sh\necho break > "$1"\n', { mode: 0o755 });
      gitIn(tree, '-c', `sequence.editor=${script}`, 'rebase', '--quiet', '-i', base);
      expect(await state()).toMatchObject({ unfinished: true, hasWork: true });
    });
  });
});
