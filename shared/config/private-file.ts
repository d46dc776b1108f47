/**
 * Files that hold passwords: mode 0600 from their first byte, replaced as a whole.
 */
import { open, rename, rm } from 'node:fs/promises';
import { randomId } from '../random.ts';

/** Writes `text` so that a reader sees the old content or the new, and nobody but the owner sees either. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomId()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
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
