/**
 * A small disk of its own under a folder, that can be full: a tmpfs whose size shrinks to what it holds, and grows again.
 * It needs the right to mount, which a mount namespace gives (`namespace.ts`); the disk goes with that.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, rm, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Streams of the bus reserve a gigabyte; a tmpfs takes memory only for what it holds. */
const ROOMY = '4g';
const TRIES = 20;

export class Disk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder, and a disk under it. */
  static async mount(path: string): Promise<Disk> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY},mode=700`, 'chaos', path]);
    return new Disk(path);
  }

  /** Leaves no room. */
  async fill(): Promise<void> {
    for (let left = TRIES; ; left -= 1) {
      const { blocks, bfree, bsize } = await statfs(this.path);
      const usedKiB = Math.ceil(((blocks - bfree) * bsize) / 1_024);
      try {
        await run('mount', ['-o', `remount,size=${Math.max(usedKiB, 4)}k`, this.path]);
        return;
      } catch (error) {
        // More was written in between: a disk cannot be smaller than what it holds.
        if (left === 0) throw error;
      }
    }
  }

  async free(): Promise<void> {
    await run('mount', ['-o', `remount,size=${ROOMY}`, this.path]);
  }

  /** Lets go of it; with `keep`, what it holds stays in the folder. */
  async unmount(keep: boolean): Promise<void> {
    const aside = `${this.path}.kept`;
    if (keep) await cp(this.path, aside, { recursive: true });
    await run('umount', ['--lazy', this.path]);
    if (!keep) return;
    await cp(aside, this.path, { recursive: true });
    await rm(aside, { recursive: true });
  }
}
