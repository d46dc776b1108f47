/**
 * A repository with a lane, and `waggle land` given in it by a person called Grace.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../services/cli/program.ts';
import { commitFiles, gitIn, gitSucceeds, makeRepository, temporaryFolder } from './repository.ts';

export interface Landing {
  /** A folder of its own, which holds the repository. */
  readonly folder: string;
  readonly repo: string;
  /** Runs `waggle land` there; `variables` is who gives the command. */
  land(
    words?: readonly string[],
    variables?: object,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** A commit of the committer's on the lane, made without touching the tree. */
  laneCommit(files: Readonly<Record<string, string>>, task: string, dir?: string): string;
  /** What is checked out, and the lane's tip. */
  heads(): string[];
  /** Says in waggle.yaml where the lane lives. */
  configure(home: string): void;
  remove(): void;
}

const grace = {
  GIT_AUTHOR_NAME: 'Grace',
  GIT_AUTHOR_EMAIL: 'grace@example.org',
  GIT_COMMITTER_NAME: 'Grace',
  GIT_COMMITTER_EMAIL: 'grace@example.org',
};

export function makeLanding(): Landing {
  const place = temporaryFolder('waggle-land-');
  const repo = makeRepository(join(place.path, 'repo'), { 'README.md': 'hello\n', 'a.txt': 'a\n' });
  const configure = (home: string) => {
    const lanes = `lanes:\n  main: { home: ${JSON.stringify(home)}, base: main }\n`;
    writeFileSync(join(repo, 'waggle.yaml'), `project: test\n${lanes}`);
    writeFileSync(join(repo, '.git', 'info', 'exclude'), 'waggle.yaml\n*.log\n');
  };
  configure('.');
  return {
    folder: place.path,
    repo,
    configure,
    remove: place.remove,
    async land(words = [], variables = grace) {
      let stdout = '';
      let stderr = '';
      const code = await runProgram(['land', ...words], {
        folder: repo,
        variables: { PATH: process.env['PATH'], ...variables },
        stdin: process.stdin,
        stdout: {
          write: (text) => {
            stdout += text;
          },
        },
        stderr: {
          write: (text) => {
            stderr += text;
          },
        },
        signal: new AbortController().signal,
      });
      return { code, stdout, stderr };
    },
    laneCommit(files, task, dir = repo) {
      const tree = join(place.path, `lane-${task}`);
      if (!gitSucceeds(dir, 'rev-parse', '--verify', 'waggle/main')) gitIn(dir, 'branch', 'waggle/main');
      gitIn(dir, 'worktree', 'add', '--quiet', tree, 'waggle/main');
      const trailers = `Waggle-Task: ${task}\nWaggle-Run: g-${task}\nWaggle-Fence: 1\nWaggle-Agent: w1`;
      const commit = commitFiles(tree, files, `feat: ${task}\n\n${trailers}`);
      gitIn(dir, 'worktree', 'remove', '--force', tree);
      return commit;
    },
    heads: () => [gitIn(repo, 'rev-parse', 'HEAD'), gitIn(repo, 'rev-parse', 'waggle/main')],
  };
}
