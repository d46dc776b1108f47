import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { excludeMail, excludeState } from '../../../../../services/cli/up/exclude.ts';
import { gitIn, gitSucceeds, makeRepository, temporaryFolder } from '../../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let repo: string;
beforeEach(() => {
  folder = temporaryFolder();
  repo = makeRepository(join(folder.path, 'repo'));
});
afterEach(() => folder.remove());

const excludeFile = () => join(repo, '.git', 'info', 'exclude');

test('the line is added once, on a line of its own', async () => {
  writeFileSync(excludeFile(), '*.tmp');
  expect(await excludeState(repo)).toBe(true);
  expect(await excludeState(repo)).toBe(false);
  expect(readFileSync(excludeFile(), 'utf8')).toBe('*.tmp\n.waggle/\n');
});

test('the folder of the mail tool has a line of its own', async () => {
  writeFileSync(excludeFile(), '/.fmail\n');
  expect(await excludeMail(repo)).toBe(false);
  writeFileSync(excludeFile(), '# .fmail/\n');
  expect([await excludeMail(repo), await excludeState(repo)]).toEqual([true, true]);
  expect(readFileSync(excludeFile(), 'utf8')).toBe('# .fmail/\n.fmail/\n.waggle/\n');
});

test('a repository without info/, and a folder deep in it, are fine', async () => {
  rmSync(join(repo, '.git', 'info'), { recursive: true });
  const deep = join(repo, 'a', 'b');
  mkdirSync(join(deep, '.waggle'), { recursive: true });
  expect(await excludeState(deep)).toBe(true);
  expect(gitSucceeds(deep, 'check-ignore', '-q', '.waggle/')).toBe(true);
});

test('in a linked working tree the shared file gets it', async () => {
  const linked = join(folder.path, 'linked');
  gitIn(repo, 'worktree', 'add', '--quiet', '--detach', linked);
  expect(await excludeState(linked)).toBe(true);
  expect(readFileSync(excludeFile(), 'utf8')).toContain('\n.waggle/\n');
  expect(await excludeState(repo)).toBe(false);
});

test('outside of a repository nothing happens', async () => {
  expect(await excludeState(folder.path)).toBe(false);
});
