/**
 * `waggle land` in real repositories: what comes in, and what stays as it was.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Landing, makeLanding } from '../support/landing.ts';
import { commitFiles, footprint, gitIn, makeBare, writeFiles } from '../support/repository.ts';

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

test('a lane that is ahead is fast-forwarded to, and what came in is told', async () => {
  laneCommit({ 'b.txt': 'b\n' }, 'task-1');
  const tip = laneCommit({ 'c.txt': 'c\n' }, 'task-2');
  const { code, stdout, stderr } = await land();
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(
    `main forwarded to ${tip.slice(0, 12)} of waggle/main: 2 commits, 2 tasks\n  ${tip.slice(0, 12)} feat: task-2 (task-2, w1)\n  ${gitIn(repo, 'rev-parse', '--short=12', 'HEAD^')} feat: task-1 (task-1, w1)\n`,
  );
  expect(heads()).toEqual([tip, tip]);
  expect(readFileSync(join(repo, 'c.txt'), 'utf8')).toBe('c\n');
  expect((await land()).stdout).toBe('main has all of waggle/main already\n');
});

test('a branch that went on as well gets a real merge, keeps its dirty files, and is told how the lane takes its commits in', async () => {
  laneCommit({ 'b.txt': 'b\n' }, 'task-1');
  commitFiles(repo, { 'mine.txt': 'mine\n' }, 'mine');
  writeFiles(repo, { 'a.txt': 'dirty\n', 'new.txt': 'untracked\n' });
  const { code, stdout } = await land(['-m', 'Take it in']);
  expect([code, gitIn(repo, 'log', '-1', '--format=%s')]).toEqual([0, 'Take it in']);
  expect(gitIn(repo, 'status', '--porcelain')).toBe('M a.txt\n?? new.txt');
  expect(stdout).toContain('main is 2 commits ahead of waggle/main');
  const [push = '', adopt] = (stdout.split('takes them in by\n')[1] ?? '').trim().split(' && ');
  expect(adopt).toBe(`waggle lane adopt main ${heads()[0]}`);
  gitIn(repo, ...push.split(' ').slice(1));
  expect(heads()[1]).toBe(heads()[0]);
});

test('a conflict is taken back, and everything is as it was', async () => {
  laneCommit({ 'a.txt': 'theirs\n', 'b.txt': 'b\n' }, 'task-1');
  commitFiles(repo, { 'a.txt': 'mine\n' }, 'mine');
  writeFiles(repo, { 'README.md': 'dirty\n', 'new.txt': 'untracked\n' });
  const before = [
    gitIn(repo, 'status', '--porcelain'),
    readFileSync(join(repo, 'README.md'), 'utf8'),
    ...heads(),
  ];
  const { code, stdout } = await land();
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/change the same places:\n {2}a\.txt\n.*taken back/),
  ]);
  expect(existsSync(join(repo, 'b.txt'))).toBe(false);
  expect([
    gitIn(repo, 'status', '--porcelain'),
    readFileSync(join(repo, 'README.md'), 'utf8'),
    ...heads(),
  ]).toEqual(before);
  expect(existsSync(join(repo, '.git', 'MERGE_HEAD'))).toBe(false);
});

test('a changed file where the merge would write refuses the landing and stays', async () => {
  laneCommit({ 'a.txt': 'theirs\n' }, 'task-1');
  writeFiles(repo, { 'a.txt': 'mine\n' });
  const before = [footprint(repo), ...heads()];
  const { code, stderr } = await land();
  expect([code, stderr]).toEqual([1, expect.stringMatching(/would write: a\.txt; commit or stash/)]);
  expect([footprint(repo), ...heads()]).toEqual(before);
  expect(readFileSync(join(repo, 'a.txt'), 'utf8')).toBe('mine\n');
});

test('a lane behind a URL is fetched first', async () => {
  const bare = makeBare(repo, join(on.folder, 'home.git'));
  const tip = laneCommit({ 'b.txt': 'b\n' }, 'task-1', bare);
  on.configure(`file://${bare}`);
  const { code, stdout } = await land();
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 commit, 1 task')]);
  expect(gitIn(repo, 'rev-parse', 'HEAD')).toBe(tip);
  expect(gitIn(repo, 'for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes')).toBe(
    'refs/heads/main',
  );
});
