/**
 * Files replaced as a whole: whoever reads one sees the old text or the new, also after a power loss.
 */
import { open, rename, rm, stat } from 'node:fs/promises';
import { randomId } from '../random.ts';

const PERMISSIONS = 0o777;
const OWNER_ONLY = 0o600;

/** A file that may hold passwords: mode 0600 from its first byte. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await writeWhole(path, text, OWNER_ONLY);
}

/** A file of a person's: keeps its permissions. `path`: of the file itself, not of a link to it. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  await writeWhole(path, text, mode & PERMISSIONS);
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${randomId()}`;
  try {
    const file = await open(draft, 'wx', mode);
    try {
      // The process's umask may have taken some away.
      await file.chmod(mode);
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
