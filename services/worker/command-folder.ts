/**
 * A folder with `waggle` and `fmail` for a harness's PATH: an agent that is told to use them finds them, wherever this
 * worker was started from.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Command lines by the name under which a shell finds them. */
export type Commands = Readonly<Record<string, readonly string[]>>;

/** Writes one script a command into `folder`, and gives the folder. */
export async function writeCommands(folder: string, commands: Commands): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, argv] of Object.entries(commands)) {
    const file = join(folder, name);
    await writeFile(file, `#!/bin/sh\nexec ${argv.map(quoted).join(' ')} "$@"\n`, { mode: 0o700 });
    // The mode above counts only for a new file.
    await chmod(file, 0o700);
  }
  return folder;
}

/** As one word of a POSIX shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
