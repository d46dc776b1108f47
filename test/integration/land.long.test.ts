/**
 * `waggle land` in real repositories: that nothing of a person's is ever touched, and what is refused.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Landing, makeLanding } from '../support/landing.ts';
import { boobyTrap, commitFiles, footprint, gitIn, gitSucceeds, writeFiles } from '../support/repository.ts';

let on: Landing;
let repo: string;
beforeEach(() => {
  on = makeLanding();
  repo = on.repo;
});
afterEach(() => on.remove());

const land: Landing['land'] = (...given) => on.land(...given);
const laneCommit: Landing['laneCommit'] = (...given) => on.laneCommit(...given);
const heads = () => on.heads();

describe('a lane that is ahead', () => {
  test('is merged by a commit of the person with --no-ff', async () => {
    const tip = laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    const { code, stdout } = await land(['main', '--no-ff', '--json']);
    const told = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(told).toMatchObject({ status: 'landed', how: 'merge', into: 'main', tip, tasks: ['task-1'] });
    expect(gitIn(repo, 'log', '-1', '--format=%an|%cn|%B')).toBe(
      'Grace|Grace|merge: lane main (1 task)\n\n- task-1',
    );
    expect(gitIn(repo, 'rev-parse', 'HEAD^2')).toBe(tip);
    expect((await land(['--json'])).stdout).toContain('nothing-new');
  });
});

describe('a branch that went on as well', () => {
  beforeEach(() => {
    laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    commitFiles(repo, { 'mine.txt': 'mine\n' }, 'mine');
  });

  test('is not merged while changes are staged', async () => {
    writeFiles(repo, { 'a.txt': 'staged\n' });
    gitIn(repo, 'add', 'a.txt');
    const before = [footprint(repo), ...heads()];
    const { code, stderr } = await land();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/changes are staged .*\(a\.txt\)/)]);
    expect([footprint(repo), ...heads()]).toEqual(before);
  });
});

describe('a person’s own changes', () => {
  test.each([
    ['a changed file', { 'a.txt': 'mine\n' }, { 'a.txt': 'theirs\n' }, 'a.txt'],
    ['an untracked file in the way', { 'b.txt': 'mine\n' }, { 'b.txt': 'theirs\n' }, 'b.txt'],
    ['an ignored file in the way', { 'x.log': 'mine\n' }, { 'x.log': 'theirs\n' }, 'x.log'],
    ['a file where a folder would come', { d: 'mine\n' }, { 'd/e.txt': 'theirs\n' }, 'd'],
    ['a folder where a file would come', { 'd/e.txt': 'mine\n' }, { d: 'theirs\n' }, 'd/e.txt'],
  ])('%s refuses the landing and stays', async (_, mine, theirs, named) => {
    const tree = join(on.folder, 'force');
    gitIn(repo, 'branch', 'waggle/main');
    gitIn(repo, 'worktree', 'add', '--quiet', tree, 'waggle/main');
    writeFiles(tree, theirs as Record<string, string>);
    gitIn(tree, 'add', '--force', '--all');
    gitIn(tree, 'commit', '--quiet', '-m', 'theirs');
    gitIn(repo, 'worktree', 'remove', '--force', tree);
    writeFiles(repo, mine as Record<string, string>);
    const before = [footprint(repo), ...heads()];
    const { code, stdout } = await land(['--json']);
    const { error } = JSON.parse(stdout);
    expect([code, error.details.reason, error.details.files]).toEqual([1, 'changes', [named]]);
    expect([footprint(repo), ...heads()]).toEqual(before);
    const [[path, content] = ['', '']] = Object.entries(mine);
    expect(readFileSync(join(repo, path), 'utf8')).toBe(content);
  });

  test('elsewhere stay as they are, staged ones too', async () => {
    const tip = laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    writeFiles(repo, { 'a.txt': 'staged\n' });
    gitIn(repo, 'add', 'a.txt');
    writeFiles(repo, { 'README.md': 'dirty\n', 'z.log': 'ignored\n' });
    expect((await land()).code).toBe(0);
    expect(heads()[0]).toBe(tip);
    expect(gitIn(repo, 'status', '--porcelain')).toBe('M README.md\nM  a.txt');
  });
});

describe('a conflict', () => {
  beforeEach(() => {
    laneCommit({ 'a.txt': 'theirs\n', 'b.txt': 'b\n' }, 'task-1');
    commitFiles(repo, { 'a.txt': 'mine\n' }, 'mine');
    writeFiles(repo, { 'README.md': 'dirty\n', 'new.txt': 'untracked\n' });
  });

  test('stays with --keep-conflict, and nothing else lands before it is solved', async () => {
    const { code, stdout } = await land(['--keep-conflict', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      expect.objectContaining({ status: 'conflict', files: ['a.txt'], isKept: true }),
    ]);
    expect(readFileSync(join(repo, 'a.txt'), 'utf8')).toContain('<<<<<<<');
    expect((await land()).stderr).toMatch(/in the middle of a merge/);
    writeFiles(repo, { 'a.txt': 'both\n' });
    gitIn(repo, 'add', 'a.txt');
    expect((await land()).stderr).toMatch(/in the middle of a merge/);
    gitIn(repo, 'commit', '--quiet', '--no-edit');
    expect((await land()).stdout).toMatch(/has all of waggle\/main already/);
  });
});

describe('is refused with the reason', () => {
  const reason = async (words: readonly string[] = [], variables?: object) => {
    const { code, stdout } = await land([...words, '--json'], variables);
    const { error } = JSON.parse(stdout);
    return [code, error.details?.reason ?? error.code];
  };

  test.each<[string, () => void]>([
    ['detached', () => gitIn(repo, 'checkout', '--quiet', '--detach')],
    ['own-branch', () => gitIn(repo, 'checkout', '--quiet', 'waggle/main')],
    ['no-branch', () => gitIn(repo, 'branch', '-D', 'waggle/main')],
    [
      'unrelated',
      () => {
        gitIn(repo, 'checkout', '--quiet', '--orphan', 'other');
        gitIn(repo, 'commit', '--quiet', '-m', 'other root');
      },
    ],
  ])('%s', async (name, prepare) => {
    laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    prepare();
    expect(await reason()).toEqual([1, name]);
  });

  test('no identity, where a merge commit needs one', async () => {
    laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    gitIn(repo, 'config', 'user.name', '');
    const before = heads();
    expect(await reason(['--no-ff'], {})).toEqual([1, 'no-identity']);
    expect(heads()).toEqual(before);
  });

  test('a lane that there is not', async () => {
    expect(await reason(['docs'])).toEqual([2, 'usage']);
  });

  test('a rebase under way', async () => {
    laneCommit({ 'b.txt': 'b\n' }, 'task-1');
    gitIn(repo, 'checkout', '--quiet', '-b', 'topic');
    commitFiles(repo, { 'a.txt': 'topic\n' }, 'topic');
    gitIn(repo, 'checkout', '--quiet', 'main');
    commitFiles(repo, { 'a.txt': 'main\n' }, 'main');
    gitIn(repo, 'checkout', '--quiet', 'topic');
    gitSucceeds(repo, 'rebase', 'main');
    expect((await reason())[1]).toMatch(/detached|unfinished/);
  });
});

test('runs no hook', async () => {
  laneCommit({ 'b.txt': 'b\n' }, 'task-1');
  const marker = join(on.folder, 'marker');
  boobyTrap(repo, marker);
  rmSync(marker, { force: true });
  expect((await land(['--no-ff'])).code).toBe(0);
  expect(existsSync(marker)).toBe(false);
});
