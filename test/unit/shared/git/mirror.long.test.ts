import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchLane, openMirror } from '../../../../shared/git/mirror.ts';
import { isUrl, revNames } from '../../../../shared/git/remote.ts';
import { hasCommit } from '../../../../shared/git/repository.ts';
import { addWorktree, listWorktrees } from '../../../../shared/git/worktree.ts';
import {
  boobyTrap,
  commitFiles,
  footprint,
  gitIn,
  makeBare,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

describe('mirror', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let home: string;
  let dir: string;
  beforeEach(() => {
    folder = temporaryFolder();
    home = makeRepository(`${folder.path}/home`);
    dir = `${folder.path}/state/mirror.git`;
  });
  afterEach(() => folder.remove());

  it('lends a path home its objects in place and leaves a dirty tree as it was', async () => {
    boobyTrap(home, `${folder.path}/marker`);
    gitIn(home, 'config', 'core.fsmonitor', 'false');
    writeFiles(home, { 'README.md': 'dirty\n', new: 'x' });
    const head = gitIn(home, 'rev-parse', 'HEAD');
    rmSync(`${folder.path}/marker`, { force: true });
    const before = footprint(home);
    const mirror = await openMirror({ dir, home });
    expect(await fetchLane(mirror, { branch: 'waggle/main' })).toBe(head);
    expect(readdirSync(`${dir}/objects`).sort()).toEqual(['info', 'pack']);
    expect(readdirSync(`${dir}/objects/pack`)).toEqual([]);
    expect(existsSync(`${folder.path}/marker`)).toBe(false);
    expect(footprint(home)).toBe(before);
  });

  it('prefers the lane branch to the base, and the tip asked for to both', async () => {
    const first = gitIn(home, 'rev-parse', 'HEAD');
    const second = commitFiles(home, { b: 'b' });
    gitIn(home, 'branch', 'waggle/main', first);
    const mirror = await openMirror({ dir, home });
    expect(await fetchLane(mirror, { branch: 'waggle/main', base: 'main' })).toBe(first);
    expect(await fetchLane(mirror, { branch: 'waggle/main', tip: second })).toBe(second);
    expect(await fetchLane(mirror, { branch: 'waggle/other', base: 'main' })).toBe(second);
  });

  it('names a commit that the home does not have', async () => {
    const mirror = await openMirror({ dir, home });
    const tip = 'ab'.repeat(20);
    await expect(fetchLane(mirror, { branch: 'b', tip })).rejects.toMatchObject({
      code: 'lane-commit-missing',
    });
    await expect(fetchLane(mirror, { branch: 'b', base: 'no' })).rejects.toMatchObject({
      code: 'lane-commit-missing',
    });
  });

  it.each(['bare', 'linked'])('takes a %s home', async (kind) => {
    const head = gitIn(home, 'rev-parse', 'HEAD');
    const other = `${folder.path}/other`;
    if (kind === 'bare') makeBare(home, other);
    else gitIn(home, 'worktree', 'add', '--quiet', '--detach', other);
    const mirror = await openMirror({ dir, home: other });
    const commit = await fetchLane(mirror, { branch: 'waggle/main' });
    expect(commit).toBe(head);
    await addWorktree(mirror.gitDir, { dir: `${folder.path}/tree`, commit });
    expect(existsSync(`${folder.path}/tree/README.md`)).toBe(true);
  });

  it('takes a shallow home', async () => {
    commitFiles(home, { b: 'b' });
    gitIn(folder.path, 'clone', '--quiet', '--depth=1', `file://${home}`, 'shallow');
    const mirror = await openMirror({ dir, home: `${folder.path}/shallow` });
    const commit = await fetchLane(mirror, { branch: 'waggle/main' });
    expect(gitIn(mirror.gitDir, 'rev-list', '--count', commit)).toBe('1');
  });

  it('takes a home with SHA-256 names', async () => {
    gitIn(folder.path, 'init', '--quiet', '--object-format=sha256', 'long');
    const head = commitFiles(`${folder.path}/long`, { a: 'a' });
    const mirror = await openMirror({ dir, home: `${folder.path}/long` });
    expect(await fetchLane(mirror, { branch: 'waggle/main' })).toBe(head);
  });

  it('fetches from a URL: the branch, else the base, then only what is new', async () => {
    const first = gitIn(home, 'rev-parse', 'HEAD');
    const url = `file://${makeBare(home, `${folder.path}/remote.git`)}`;
    const mirror = await openMirror({ dir, home: url });
    expect(await fetchLane(mirror, { branch: 'waggle/main' })).toBe(first);
    const second = commitFiles(home, { b: 'b' });
    gitIn(home, 'push', '--quiet', `${folder.path}/remote.git`, 'main:waggle/main');
    expect(await fetchLane(mirror, { branch: 'waggle/main', base: 'main' })).toBe(second);
    expect(await fetchLane(mirror, { branch: 'waggle/x', base: 'main' })).toBe(first);
    rmSync(`${folder.path}/remote.git`, { recursive: true });
    expect(await fetchLane(mirror, { branch: 'waggle/main', tip: second })).toBe(second);
  });

  it('opens again after a kill in the middle of making it', async () => {
    mkdirSync(`${dir}.making-dead/objects`, { recursive: true });
    mkdirSync(dir, { recursive: true });
    const mirror = await openMirror({ dir, home });
    expect(await fetchLane(mirror, { branch: 'b' })).toBe(gitIn(home, 'rev-parse', 'HEAD'));
    expect(readdirSync(`${folder.path}/state`)).toEqual(['mirror.git']);
  });

  it('may be opened by several runs at once', async () => {
    const mirrors = await Promise.all([1, 2, 3, 4].map(() => openMirror({ dir, home })));
    await Promise.all(
      mirrors.map(async (mirror, index) => {
        const commit = await fetchLane(mirror, { branch: 'waggle/main' });
        await addWorktree(mirror.gitDir, { dir: `${folder.path}/tree-${index}`, commit });
      }),
    );
    expect(readdirSync(`${folder.path}/state`)).toEqual(['mirror.git']);
    expect(await listWorktrees(dir)).toHaveLength(5);
  });

  it('repairs a store without losing its objects or trees', async () => {
    const first = await openMirror({ dir, home });
    const tree = `${folder.path}/tree`;
    await addWorktree(first.gitDir, { dir: tree, commit: await fetchLane(first, { branch: 'b' }) });
    const unsaved = commitFiles(tree, { work: 'unsaved' });
    truncateSync(`${dir}/HEAD`, 0);
    writeFileSync(`${dir}/config.lock`, '');
    const again = await openMirror({ dir, home });
    expect(await hasCommit(again, unsaved)).toBe(true);
    expect(gitIn(tree, 'rev-parse', 'HEAD')).toBe(unsaved);
    expect(existsSync(`${dir}/config.lock`)).toBe(false);
  });

  it('moves what is no repository aside instead of deleting it', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(`${dir}/precious`, 'x');
    await openMirror({ dir, home });
    const aside = readdirSync(`${folder.path}/state`).find((name) => name.startsWith('mirror.git.damaged-'));
    expect(readdirSync(`${folder.path}/state/${aside}`)).toEqual(['precious']);
  });
});

describe('home names', () => {
  it.each([
    ['https://host/x.git', true],
    ['ssh://git@host/x', true],
    ['file:///srv/x', true],
    ['git@host:team/x.git', true],
    ['host:x', true],
    ['/srv/x', false],
    ['.', false],
    ['../x', false],
    ['./a:b', false],
    ['/srv/a:b', false],
  ])('%s is a URL: %s', (home, expected) => {
    expect(isUrl(home)).toBe(expected);
  });

  it('look a name up as a branch, then as a tag, and an id not at all', () => {
    expect(revNames('v1')).toEqual(['refs/heads/v1', 'refs/tags/v1']);
    expect(revNames('HEAD')).toEqual(['HEAD']);
    expect(revNames('a'.repeat(40))).toEqual([]);
  });
});
