/**
 * Where the nearest `waggle.yaml` lies. Apart from what reads it, which a mail command need not load.
 */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export const CONFIG_NAME = 'waggle.yaml';

/** Absolute path of the nearest `waggle.yaml` in `folder` or above it. */
export async function findConfig(folder: string): Promise<string | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, CONFIG_NAME);
    if (await isFile(path)) return path;
    if (dirname(at) === at) return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // Absent, or in a folder that may not be looked into: either way not the nearest one that can be read.
    return false;
  }
}
