import { chmodSync, existsSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Capture, type CaptureOptions, captureChange } from '../../../../shared/git/change-set.ts';
import { fetchLane, openMirror } from '../../../../shared/git/mirror.ts';
import { addWorktree } from '../../../../shared/git/worktree.ts';
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

describe('captureChange', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let home: string;
  let base: string;
  let tree: string;
  beforeEach(async () => {
    folder = temporaryFolder();
    home = makeRepository(`${folder.path}/home`, {
      'a.txt': 'one\ntwo\nthree\n',
      'old.txt': 'old\n',
      'run.sh': 'echo\n',
      '.gitignore': 'ignored\n',
    });
    commitFiles(home, { 'b.txt': 'b\n' }, 'second');
    const mirror = await openMirror({ dir: `${folder.path}/mirror.git`, home });
    base = await fetchLane(mirror, { branch: 'waggle/main' });
    tree = `${folder.path}/tree`;
    await addWorktree(mirror.gitDir, { dir: tree, commit: base });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    folder.remove();
  });

  const author = { name: 'worker-1', email: 'worker-1@waggle' };
  const capture = (more: Partial<CaptureOptions> = {}) =>
    captureChange(tree, { base, message: 'fix: leftovers\n', author, ...more });

  function changed(result: Capture): Extract<Capture, { kind: 'change' }> {
    if (result.kind !== 'change') throw new Error(`expected a change, got ${JSON.stringify(result)}`);
    return result;
  }
  const show = (commit: string, path: string) => gitIn(tree, 'show', `${commit}:${path}`);
  const names = (from: string, to: string) =>
    gitIn(tree, 'diff', '-z', '--name-status', '--no-renames', from, to)
      .split('\0')
      .filter((part) => part !== '');

  it('finds nothing in an untouched tree, or one that changed back', async () => {
    expect(await capture()).toEqual({ kind: 'none', skipped: [] });
    commitFiles(tree, { 'a.txt': 'x\n' });
    commitFiles(tree, { 'a.txt': 'one\ntwo\nthree\n' });
    writeFiles(tree, { ignored: 'x' });
    expect(await capture()).toEqual({ kind: 'none', skipped: [] });
  });

  it('sees an edit of the same size right after the checkout', async () => {
    writeFiles(tree, { 'a.txt': 'ONE\nTWO\nTHREE\n' });
    const { base: from, head } = changed(await capture());
    expect(names(from, head)).toEqual(['M', 'a.txt']);
  });

  it('commits edits, additions, deletions, modes, links and odd names, and leaves the tree as it was', async () => {
    writeFiles(tree, {
      'a.txt': 'one\n2\nthree\n',
      'sp ace/nü\nline.txt': 'odd\n',
      ':(top)magic': 'm\n',
      '-dash': 'd\n',
      'bin.dat': new Uint8Array([0, 255, 0, 1]),
    });
    renameSync(`${tree}/old.txt`, `${tree}/renamed.txt`);
    chmodSync(`${tree}/run.sh`, 0o755);
    symlinkSync('a.txt', `${tree}/link`);
    gitIn(tree, 'add', 'bin.dat');
    const before = footprint(tree);
    const change = changed(await capture());
    expect(footprint(tree)).toBe(before);
    expect(change).toMatchObject({ base, files: 9, subject: 'fix: leftovers', message: 'fix: leftovers' });
    expect(names(base, change.head)).toEqual(
      [
        ['A', '-dash'],
        ['A', ':(top)magic'],
        ['M', 'a.txt'],
        ['A', 'bin.dat'],
        ['A', 'link'],
        ['D', 'old.txt'],
        ['A', 'renamed.txt'],
        ['M', 'run.sh'],
        ['A', 'sp ace/nü\nline.txt'],
      ].flat(),
    );
    expect(gitIn(tree, 'log', '-1', '--format=%an <%ae> %P', change.head)).toBe(
      `worker-1 <worker-1@waggle> ${base}`,
    );
    expect(gitIn(tree, 'ls-tree', change.head, 'run.sh')).toMatch(/^100755/);
  });

  it("keeps the agent's own commits and puts what is left on top", async () => {
    const own = commitFiles(tree, { 'c.txt': 'c\n' }, 'feat: add c');
    expect(changed(await capture())).toMatchObject({ head: own, subject: 'feat: add c', insertions: 1 });
    writeFiles(tree, { 'd.txt': 'd\n' });
    const change = changed(await capture());
    expect(gitIn(tree, 'rev-parse', `${change.head}^`)).toBe(own);
    expect(change).toMatchObject({ files: 2, insertions: 2, deletions: 0 });
  });

  it('works on whatever branch the agent left the tree', async () => {
    gitIn(tree, 'checkout', '--quiet', '-b', 'feature/x');
    commitFiles(tree, { 'c.txt': 'c\n' }, 'c');
    expect(show(changed(await capture()).head, 'c.txt')).toBe('c');
  });

  it('puts the tree onto base when history was rewritten', async () => {
    gitIn(tree, 'reset', '--quiet', '--soft', 'HEAD~1');
    commitFiles(tree, { 'c.txt': 'c\n' }, 'all in one');
    const change = changed(await capture());
    expect(gitIn(tree, 'rev-parse', `${change.head}^`)).toBe(base);
    expect(names(base, change.head)).toEqual(['A', 'c.txt']);
  });

  it('puts the tree onto base when the agent started an orphan branch', async () => {
    gitIn(tree, 'checkout', '--quiet', '--orphan', 'fresh');
    writeFiles(tree, { 'c.txt': 'c\n' });
    const unborn = changed(await capture());
    expect(gitIn(tree, 'rev-parse', `${unborn.head}^`)).toBe(base);
    commitFiles(tree, {}, 'root');
    expect(names(base, changed(await capture()).head)).toEqual(['A', 'c.txt']);
  });

  it('takes an older commit that was only looked at for no change, and with edits for unfinished', async () => {
    gitIn(tree, 'checkout', '--quiet', 'HEAD~1');
    expect((await capture()).kind).toBe('none');
    writeFiles(tree, { 'c.txt': 'c\n' });
    expect(await capture()).toEqual({ kind: 'unfinished', operation: 'older-commit', files: [] });
    const change = changed(await capture({ asIs: true }));
    expect(change.base).toBe(gitIn(tree, 'rev-parse', 'HEAD'));
    expect(names(change.base, change.head)).toEqual(['A', 'c.txt']);
  });

  it('names a conflicted merge with its files, and takes it once it is resolved', async () => {
    gitIn(tree, 'checkout', '--quiet', '-b', 'side');
    commitFiles(tree, { 'a.txt': 'side\n' });
    gitIn(tree, 'checkout', '--quiet', '--detach', base);
    commitFiles(tree, { 'a.txt': 'ours\n' });
    expect(gitSucceeds(tree, 'merge', 'side')).toBe(false);
    expect(await capture()).toEqual({ kind: 'unfinished', operation: 'merge', files: ['a.txt'] });
    expect(show(changed(await capture({ asIs: true })).head, 'a.txt')).toContain('<<<<<<<');
    writeFiles(tree, { 'a.txt': 'both\n' });
    gitIn(tree, 'add', 'a.txt');
    expect(show(changed(await capture()).head, 'a.txt')).toBe('both');
  });

  it('names a rebase and a bisect under way', async () => {
    commitFiles(tree, { 'c.txt': 'c\n' });
    const script = `${folder.path}/edit.sh`;
    writeFileSync(script, '#!/bin/sh\necho break > "$1"\n', { mode: 0o755 });
    gitIn(tree, '-c', `sequence.editor=${script}`, 'rebase', '--quiet', '-i', base);
    writeFiles(tree, { 'd.txt': 'd\n' });
    expect(await capture()).toEqual({ kind: 'unfinished', operation: 'rebase', files: [] });
    gitIn(tree, 'rebase', '--abort');
    gitIn(tree, 'bisect', 'start');
    expect(await capture()).toMatchObject({ kind: 'unfinished', operation: 'bisect' });
  });

  it('leaves nested repositories out and says which', async () => {
    makeRepository(`${tree}/vendor/with commits`);
    gitIn(tree, 'init', '--quiet', 'empty');
    writeFiles(tree, { 'empty/file': 'x', 'c.txt': 'c\n' });
    const change = changed(await capture());
    expect([...change.skipped].sort()).toEqual(['empty', 'vendor/with commits']);
    expect(names(base, change.head)).toEqual(['A', 'c.txt']);
  });

  it("leaves out what the user's own ignore file names", async () => {
    writeFiles(folder.path, {
      'me/.gitconfig': '[core]\n\texcludesFile = ~/mine\n',
      'me/mine': '.claude/\n',
    });
    vi.stubEnv('HOME', `${folder.path}/me`);
    vi.stubEnv('GIT_CONFIG_GLOBAL', undefined);
    writeFiles(tree, { '.claude/settings.local.json': '{}', 'c.txt': 'c\n' });
    const { head } = changed(await capture());
    expect(names(base, head)).toEqual(['A', 'c.txt']);
  });

  it('keeps a submodule that the agent declared', async () => {
    gitIn(tree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', home, 'sub');
    const change = changed(await capture());
    expect(names(base, change.head)).toEqual(['A', '.gitmodules', 'A', 'sub']);
    expect(gitIn(tree, 'ls-tree', change.head, 'sub')).toMatch(/^160000 commit/);
  });

  it('runs no hook and needs no free index lock', async () => {
    boobyTrap(tree, `${folder.path}/marker`);
    gitIn(tree, 'config', 'core.fsmonitor', 'false');
    writeFileSync(gitIn(tree, 'rev-parse', '--path-format=absolute', '--git-path', 'index.lock'), '');
    writeFiles(tree, { 'c.txt': 'c\n' });
    rmSync(`${folder.path}/marker`, { force: true });
    changed(await capture());
    expect(existsSync(`${folder.path}/marker`)).toBe(false);
  });
});
