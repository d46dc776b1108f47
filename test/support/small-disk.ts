/**
 * Disks of a size of their own, for tests of what happens when one is full or cannot be written: a tmpfs. Only who may
 * mount has one; others skip those tests, and say so by name.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room at all. */
  fill(): void;
  /** Takes away what filled it. */
  empty(): void;
  setReadOnly(isReadOnly: boolean): void;
  remove(): void;
}

const mount = (...words: string[]): void => {
  execFileSync('mount', words, { stdio: 'pipe' });
};

/** Why no disk can be had here; undefined when one can. */
export function whyNoDisk(): string | undefined {
  try {
    smallDisk(64).remove();
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted: ${String(error).split('\n')[0]}`;
  }
}

export function smallDisk(kib: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'waggle-disk-'));
  try {
    mount('-t', 'tmpfs', '-o', `size=${kib}k,mode=0700`, 'tmpfs', folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      mkdirSync(ballast, { recursive: true });
      for (let bytes = 64 * 1024, n = 0; bytes >= 1; n += 1) {
        try {
          writeFileSync(join(ballast, String(n)), Buffer.alloc(bytes));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          bytes = Math.floor(bytes / 4);
        }
      }
    },
    empty: () => rmSync(ballast, { recursive: true, force: true }),
    setReadOnly: (isReadOnly) => mount('-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder),
    remove() {
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
      rmSync(folder, { recursive: true });
    },
  };
}
