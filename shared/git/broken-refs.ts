/**
 * Refs of a repository that lead nowhere: what they name is not among its objects, or they name nothing at all. Reads
 * only, one line for each ref, and no history.
 */
import { git } from './git.ts';

export interface BrokenRef {
  readonly ref: string;
  /** The object that is missing; absent: the ref holds no object's name. */
  readonly object?: string;
}

export interface RefsLookedAt {
  readonly count: number;
  readonly broken: readonly BrokenRef[];
}

const REFS_MOST = 5_000;

/** Looks at the refs under the patterns, the first 5,000 of them. Errors: `git-failed`. */
export async function findBrokenRefs(gitDir: string, patterns: readonly string[]): Promise<RefsLookedAt> {
  const format = '--format=%(objectname) %(refname)';
  const { stdout, stderr } = await git(['for-each-ref', `--count=${REFS_MOST}`, format, '--', ...patterns], {
    gitDir,
  });
  const refs = stdout.split('\n').flatMap((line) => {
    const [object = '', ref] = line.split(' ');
    return ref === undefined ? [] : [{ object, ref }];
  });
  // What git cannot list it leaves out, and says so.
  const unlisted = [...stderr.matchAll(/ignoring (?:broken ref|dangling symref) (\S+)/g)]
    .map(([, ref = '']) => ref)
    .filter((ref) => patterns.length === 0 || patterns.some((pattern) => ref.startsWith(pattern)));
  const input = refs.map(({ object }) => `${object}\n`).join('');
  const answer = await git(['cat-file', '--batch-check=%(objecttype)'], { gitDir, input });
  const kinds = answer.stdout.split('\n');
  const broken: BrokenRef[] = refs.filter((_, n) => kinds[n]?.endsWith(' missing') === true);
  return { count: refs.length + unlisted.length, broken: [...broken, ...unlisted.map((ref) => ({ ref }))] };
}
