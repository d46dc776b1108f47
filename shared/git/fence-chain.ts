/**
 * The fence of a lane whose home is a URL: a chain of commits on its own ref, each the parent of the next,
 * so that every move of it is an ordinary fast-forward and a server's refusal is the compare-and-swap.
 *
 * A landing adds a link with the same number: pushed together with the branch, it is refused whenever
 * anybody moved the fence in between.
 */
import type { Commit } from './commit-id.ts';
import { commitTree, fixedDate, waggle } from './commit-object.ts';
import { git, gitLine } from './git.ts';

export interface Link {
  /** Undefined: the message holds no fence. */
  readonly fence?: number;
  readonly subject: string;
}

export interface NewLink {
  readonly fence: number;
  readonly parent?: Commit | undefined;
  readonly lands?: Commit;
  readonly signal?: AbortSignal | undefined;
}

/** Writes the next link into the cache; pushes nothing. The same step made twice is the same commit. */
export async function writeLink(gitDir: string, { fence, parent, lands, signal }: NewLink): Promise<Commit> {
  const where = { gitDir, signal };
  const tree = await gitLine(['mktree'], { ...where, input: '' });
  const message = [`fence ${fence}`, ...(lands === undefined ? [] : ['', `lands ${lands}`]), ''].join('\n');
  return commitTree(where, { tree, message, author: waggle, date: fixedDate, parent });
}

/** Reads a link that is in the cache. */
export async function readLink(gitDir: string, commit: Commit, signal?: AbortSignal): Promise<Link> {
  const { stdout: subject } = await git(['log', '-1', '--format=%s', commit], { gitDir, signal });
  const digits = /^fence ([0-9]{1,15})$/.exec(subject)?.[1];
  return { subject, ...(digits === undefined ? {} : { fence: Number(digits) }) };
}
