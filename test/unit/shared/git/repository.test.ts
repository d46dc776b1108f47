import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  gitVersion,
  hasCommit,
  inspectRepository,
  isAncestor,
  resolveCommit,
} from '../../../../shared/git/repository.ts';
import {
  commitFiles,
  footprint,
  gitIn,
  makeBare,
  makeRepository,
  temporaryFolder,
  writeFiles,
} from '../../../support/repository.ts';

describe('inspectRepository', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let dir: string;
  beforeEach(() => {
    folder = temporaryFolder();
    dir = makeRepository(`${folder.path}/home`);
  });
  afterEach(() => folder.remove());

  it('sees a normal repository from a folder inside it', async () => {
    writeFiles(dir, { 'sub/file': 'x' });
    const before = footprint(dir);
    expect(await inspectRepository(`${dir}/sub`)).toEqual({
      path: dir,
      gitDir: `${dir}/.git`,
      bare: false,
      head: gitIn(dir, 'rev-parse', 'HEAD'),
      branch: 'main',
      objectFormat: 'sha1',
    });
    expect(footprint(dir)).toBe(before);
  });

  it('sees a bare repository', async () => {
    const bare = makeBare(dir, `${folder.path}/bare.git`);
    expect(await inspectRepository(bare)).toMatchObject({
      path: bare,
      gitDir: bare,
      bare: true,
      branch: 'main',
    });
  });

  it('sees a linked working tree with its own HEAD and the shared repository', async () => {
    const other = commitFiles(dir, { b: 'b' });
    gitIn(dir, 'checkout', '--quiet', 'HEAD~1');
    gitIn(dir, 'worktree', 'add', '--quiet', '--detach', `${folder.path}/linked`, other);
    const seen = await inspectRepository(`${folder.path}/linked`);
    expect(seen).toMatchObject({ path: `${folder.path}/linked`, gitDir: `${dir}/.git`, head: other });
    expect(seen).not.toHaveProperty('branch');
  });

  it('says in a sentence that a folder, or nothing at all, is no repository', async () => {
    await expect(inspectRepository(folder.path)).rejects.toMatchObject({ code: 'not-a-repository' });
    await expect(inspectRepository(`${folder.path}/none`)).rejects.toMatchObject({
      code: 'not-a-repository',
    });
  });

  it('says that a repository has no commits', async () => {
    gitIn(folder.path, 'init', '--quiet', 'empty');
    await expect(inspectRepository(`${folder.path}/empty`)).rejects.toMatchObject({
      code: 'repository-empty',
    });
  });

  it('resolves branches, peeled tags and ids, and nothing else', async () => {
    const head = gitIn(dir, 'rev-parse', 'HEAD');
    gitIn(dir, 'tag', '-a', '-m', 'one', 'v1');
    const where = { cwd: dir };
    expect(await resolveCommit(where, 'main')).toBe(head);
    expect(await resolveCommit(where, 'v1')).toBe(head);
    expect(await resolveCommit(where, head)).toBe(head);
    expect(await resolveCommit(where, 'nope')).toBeUndefined();
    expect(await resolveCommit(where, '--all')).toBeUndefined();
    expect(await resolveCommit(where, 'HEAD:README.md')).toBeUndefined();
    expect(await hasCommit(where, '0'.repeat(40))).toBe(false);
  });

  it('knows ancestors, a commit being its own', async () => {
    const older = gitIn(dir, 'rev-parse', 'HEAD');
    const newer = commitFiles(dir, { b: 'b' });
    expect(await isAncestor({ cwd: dir }, older, newer)).toBe(true);
    expect(await isAncestor({ cwd: dir }, older, older)).toBe(true);
    expect(await isAncestor({ cwd: dir }, newer, older)).toBe(false);
  });

  it('knows the version of git', async () => {
    expect(await gitVersion()).toMatch(/^\d+\.\d+/);
  });
});
