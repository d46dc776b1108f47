/**
 * Places that the file names: a lane's home, which is a folder or a URL, and paths. Whether text is the one or the other is decided here alone.
 */
import { resolve } from 'node:path';

/** `https://…`, `ssh://…`, `file://…`, or the short ssh form `git@host:path`. */
export function isUrl(home: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(home) || /^[^/\\:\s]+:(?!\/\/)./.test(home);
}

/** The home as the board holds it: a URL as it is, a path absolute, taken from `folder`. */
export function resolveHome(home: string, folder: string): string {
  return isUrl(home) ? home : resolvePath(home, folder);
}

/** A path as it is used: absolute, taken from `folder`. */
export const resolvePath = (path: string, folder: string): string => resolve(folder, path);
