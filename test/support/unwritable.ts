/**
 * Files and folders that nobody can write to, not even root, for whom permissions do not count: by an attribute of the file
 * system. Where that is not to be had tests are skipped, and say why by name.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const chattr = (flag: string, path: string): void => {
  execFileSync('chattr', [flag, path], { stdio: 'pipe' });
};

/** Makes it so; the returned function takes it back. */
export function unwritable(path: string): () => void {
  chattr('+i', path);
  return () => chattr('-i', path);
}

/** Why nothing can be made unwritable here; undefined when it can. */
export function whyNotUnwritable(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'waggle-unwritable-'));
  try {
    unwritable(folder)();
    return undefined;
  } catch (error) {
    return `no file can be made immutable: ${String(error).split('\n')[0]}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
