/**
 * The log file of one supervised service. The process writes to it directly, so that it can go on writing when
 * its supervisor has died; the file is kept below its bound from outside.
 *
 * Opened for appending, so that what a process writes after the file was cut begins at its new end. Lines written
 * between the copy and the cut are lost.
 */
import { copyFile, type FileHandle, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';

export const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/** Opens the log for one process, bounded before it starts. `startsAt`: where this process's lines begin. */
export async function openServiceLog(
  file: string,
  limitBytes = LOG_LIMIT_BYTES,
): Promise<{ handle: FileHandle; startsAt: number }> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await boundLog(file, limitBytes);
  const handle = await open(file, 'a', 0o600);
  return { handle, startsAt: (await handle.stat()).size };
}

/** Moves what a log holds to `<file>.1` when it is larger than its bound; whether it did. */
export async function boundLog(file: string, limitBytes = LOG_LIMIT_BYTES): Promise<boolean> {
  const { size } = await stat(file).catch(absent);
  if (size <= limitBytes) return false;
  await copyFile(file, `${file}.1`);
  await truncate(file, 0);
  return true;
}

/** The end of what was logged since `startsAt`; all of a file that was cut since. */
export async function readTail(file: string, startsAt: number): Promise<string> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const from = Math.max(size < startsAt ? 0 : startsAt, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function absent(error: NodeJS.ErrnoException): { size: number } {
  if (error.code === 'ENOENT') return { size: 0 };
  throw error;
}
