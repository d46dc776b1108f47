/**
 * Names of git objects as text, SHA-1 or SHA-256. Knows nothing of repositories.
 */
import { COMMIT_PATTERN } from '../../schemas/limits.ts';

/** The full, lower-case hexadecimal name of a commit. */
export type Commit = string;
export type ObjectFormat = 'sha1' | 'sha256';

const pattern = new RegExp(COMMIT_PATTERN);

/** Whether `text` is a full object name; says nothing about whether the object exists. */
export function isCommitId(text: string): text is Commit {
  return pattern.test(text);
}

/** The name that stands for "no object" beside `commit`. */
export function nullIdLike(commit: Commit): string {
  return '0'.repeat(commit.length);
}

export function formatOf(commit: Commit): ObjectFormat {
  return commit.length === 64 ? 'sha256' : 'sha1';
}
