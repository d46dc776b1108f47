/**
 * The branches of a real repository as the rules look at history: commits with their messages, parents and changed files,
 * from the tip of each lane back to where it began.
 */
import { execFileSync } from 'node:child_process';
import type { History } from '../simulation/facts.ts';

export interface RealCommit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly files: readonly string[];
}

export interface Branches extends History {
  readonly commits: ReadonlyMap<string, RealCommit>;
  line(branch: string): Iterable<RealCommit>;
  /** The text of a file at a branch's tip; undefined when it isn't there. */
  text(branch: string, file: string): string | undefined;
}

const RECORD = '\x1e';
const FIELD = '\x1f';
const MOST_BYTES = 256 * 1024 * 1024;

const git = (repository: string, ...args: string[]): string =>
  execFileSync('git', ['-C', repository, ...args], {
    encoding: 'utf8',
    maxBuffer: MOST_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Reads `branches` down to `base`, which is not part of them. */
export function readBranches(repository: string, base: string, branches: readonly string[]): Branches {
  const commits = new Map<string, RealCommit>();
  const tips = new Map<string, string>();
  const texts = new Map<string, ReadonlyMap<string, string>>();
  for (const branch of branches) {
    tips.set(branch, git(repository, 'rev-parse', `refs/heads/${branch}`).trim());
    const format = `--format=${RECORD}%H${FIELD}%P${FIELD}%B${FIELD}`;
    const log = git(repository, 'log', '--name-only', format, `${base}..refs/heads/${branch}`);
    for (const record of log.split(RECORD).slice(1)) {
      const [id = '', parents = '', message = '', files = ''] = record.split(FIELD);
      commits.set(id, { id, message, parents: words(parents), files: lines(files) });
    }
    texts.set(branch, textsOf(repository, branch));
  }
  return {
    commits,
    branches: tips,
    // What another had fenced is only known where the refs are moved; that fences grow along a branch is looked at.
    overruns: [],
    *line(branch) {
      for (let at = commits.get(tips.get(branch) ?? ''); at !== undefined; ) {
        yield at;
        at = commits.get(at.parents[0] ?? '');
      }
    },
    text: (branch, file) => texts.get(branch)?.get(file),
  };
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** All files of a branch's tip, by one process: there are as many as tasks. */
function textsOf(repository: string, branch: string): ReadonlyMap<string, string> {
  const names = lines(git(repository, 'ls-tree', '-r', '--name-only', `refs/heads/${branch}`));
  const asked = names.map((name) => `refs/heads/${branch}:${name}`).join('\n');
  const answer = execFileSync('git', ['-C', repository, 'cat-file', '--batch'], {
    input: `${asked}\n`,
    maxBuffer: MOST_BYTES,
  });
  const texts = new Map<string, string>();
  let from = 0;
  for (const name of names) {
    const headEnd = answer.indexOf('\n', from);
    const size = Number(answer.toString('utf8', from, headEnd).split(' ')[2]);
    texts.set(name, answer.toString('utf8', headEnd + 1, headEnd + 1 + size));
    from = headEnd + size + 2;
  }
  return texts;
}
