/**
 * The subject line of a commit, as people see it.
 */
import type { Commit } from './commit-id.ts';
import { git } from './git.ts';
import { subjectLine } from './message.ts';
import type { Where } from './repository.ts';

export async function commitSubject(where: Where, commit: Commit): Promise<string> {
  const { stdout } = await git(['log', '-1', '--format=%B', '--encoding=UTF-8', commit], where);
  return subjectLine(stdout) || commit;
}
