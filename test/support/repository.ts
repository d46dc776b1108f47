/**
 * Real repositories in temporary folders, for tests: made, committed to and looked at with the git binary,
 * independent of shared/git.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A temporary folder, gone when its owner disposes of it. */
export function temporaryFolder(name = 'waggle-test-'): { path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), name)));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Git's standard output, trimmed. Throws when git fails. */
export function gitIn(dir: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, ...identity },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** Whether git succeeds there. */
export function gitSucceeds(dir: string, ...args: string[]): boolean {
  try {
    gitIn(dir, ...args);
    return true;
  } catch {
    return false;
  }
}

export function writeFiles(dir: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

/** Writes the files, stages everything and commits; the new commit. */
export function commitFiles(dir: string, files: Files, message = 'change'): string {
  writeFiles(dir, files);
  gitIn(dir, 'add', '--all');
  gitIn(dir, 'commit', '--quiet', '--no-verify', '--allow-empty', '-m', message);
  return gitIn(dir, 'rev-parse', 'HEAD');
}

/** A repository on branch `main` with one commit. */
export function makeRepository(path: string, files: Files = { 'README.md': 'hello\n' }): string {
  mkdirSync(path, { recursive: true });
  gitIn(path, 'init', '--quiet', '--initial-branch=main');
  commitFiles(path, files, 'first');
  return path;
}

/** One commit with one file on top of `parent`, straight into an object store; a single process. */
export function importCommit(
  gitDir: string,
  parent: string,
  file: { readonly name: string; readonly content: string },
  message: string,
): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const who = 'Ada <ada@example.org> 1700000000 +0000';
  const stream = [
    `commit refs/imported/${file.name}\nmark :1\ncommitter ${who}\n${data(message)}from ${parent}\n`,
    `M 100644 inline ${file.name}\n${data(file.content)}\nget-mark :1\ndone\n`,
  ].join('');
  return execFileSync(
    'git',
    [`--git-dir=${gitDir}`, 'fast-import', '--quiet', '--force', '--done', '--cat-blob-fd=1'],
    {
      input: stream,
      encoding: 'utf8',
    },
  ).trim();
}

/** A bare copy of a repository. */
export function makeBare(from: string, path: string): string {
  gitIn(dirname(path), 'clone', '--quiet', '--bare', '--no-hardlinks', from, path);
  return path;
}

/** Everything a person would miss if it changed: status, HEAD, the index's bytes. */
export function footprint(dir: string): string {
  const asked = ['--path-format=absolute', '--git-path', 'index', '--git-path', 'HEAD'];
  const [index = '', headFile = ''] = gitIn(dir, 'rev-parse', ...asked).split('\n');
  const bytes = existsSync(index) ? readFileSync(index).toString('base64') : '';
  const bare = gitIn(dir, 'rev-parse', '--is-bare-repository') === 'true';
  const status = bare ? '' : gitIn(dir, '--no-optional-locks', 'status', '--porcelain', '--ignored');
  return [status, readFileSync(headFile, 'utf8'), gitIn(dir, 'rev-parse', 'HEAD'), bytes].join('\n--\n');
}

/** Hooks and filter, merge and monitor drivers in a repository that all write to the file `marker`. */
export function boobyTrap(dir: string, marker: string): void {
  const script = join(dirname(marker), 'trap.sh');
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> '${marker}'\ncat 2>/dev/null || :\n`);
  chmodSync(script, 0o755);
  const hooks = join(gitIn(dir, 'rev-parse', '--path-format=absolute', '--git-common-dir'), 'hooks');
  mkdirSync(hooks, { recursive: true });
  for (const name of hookNames) {
    writeFileSync(join(hooks, name), `#!/bin/sh\necho ${name} >> '${marker}'\n`);
    chmodSync(join(hooks, name), 0o755);
  }
  for (const key of ['filter.trap.clean', 'filter.trap.smudge', 'filter.trap.process', 'merge.trap.driver']) {
    gitIn(dir, 'config', key, script);
  }
  gitIn(dir, 'config', 'core.fsmonitor', script);
  gitIn(dir, 'config', 'diff.trap.textconv', script);
}

const hookNames = [
  'pre-commit',
  'commit-msg',
  'prepare-commit-msg',
  'post-commit',
  'post-checkout',
  'post-merge',
  'post-rewrite',
  'pre-push',
  'pre-auto-gc',
  'reference-transaction',
  'post-index-change',
  'pre-merge-commit',
];
