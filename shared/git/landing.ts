/**
 * What both kinds of home check of a landing before they try it.
 */
import { WaggleError } from '../errors.ts';
import { git } from './git.ts';
import type { Landing } from './home.ts';
import { fetchFlags } from './remote.ts';
import { resolveCommit } from './repository.ts';

// What a ref names must be on the disk before the ref is.
export const durable = ['-c', 'core.fsync=all'];

/** Refuses anything but one step forward: a landing never rewrites and never brings commits along. */
export async function checkStep({ from, old, new: next, signal }: Landing): Promise<void> {
  const parent = await resolveCommit({ gitDir: from, signal }, `${next}^1`);
  if (parent === old) return;
  throw new WaggleError('refused', {
    message: `commit ${next} does not follow ${old}: its first parent is ${parent ?? 'not known'}`,
  });
}

/** Copies the objects of the new commit into `gitDir`; no ref moves, no file is left. */
export async function bringObjects(gitDir: string, { from, new: next, signal }: Landing): Promise<void> {
  await git([...durable, 'fetch', ...fetchFlags, from, next], { gitDir, signal });
}
