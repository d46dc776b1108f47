/**
 * A file of a person's, replaced as a whole: whoever reads it sees the old text or the new.
 */
import { open, rename, rm, stat } from 'node:fs/promises';
import { randomId } from '../../shared/random.ts';

const PERMISSIONS = 0o777;

/** Keeps the file's permissions. `path`: of the file itself, not of a link to it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  const draft = `${path}.${randomId()}`;
  try {
    const file = await open(draft, 'wx', mode & PERMISSIONS);
    try {
      // The process's umask may have taken some away.
      await file.chmod(mode & PERMISSIONS);
      await file.writeFile(text);
      // Without it, a power loss can leave an empty file behind the rename.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
