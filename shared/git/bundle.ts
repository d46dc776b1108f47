/**
 * Bundles: commits as one file. Owns writing one and reading its header; what a committer accepts is in
 * bundle-import.ts.
 */
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { randomId } from '../random.ts';
import type { Commit } from './commit-id.ts';
import { git } from './git.ts';

export interface BundleRange {
  readonly base: Commit;
  readonly head: Commit;
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a bundle says of itself; unproven until its objects are read. */
export interface BundleHeader {
  readonly prerequisites: readonly Commit[];
  readonly heads: readonly { readonly commit: Commit; readonly ref: string }[];
  /** `@` lines of version 3, without the sign. */
  readonly capabilities: readonly string[];
}

/** A header and where the pack begins after it, in bytes. */
export interface BundleOpening extends BundleHeader {
  readonly packAt: number;
}

const HEADER_LIMIT = 1024 * 1024;

/** Writes what `head` has and `base` has not. `dir`: any working tree or repository that has both. */
export async function createBundle(dir: string, { base, head, file, signal }: BundleRange): Promise<void> {
  // Git bundles refs only, so the head gets one for as long as that takes.
  const ref = `refs/waggle/bundle/${randomId()}`;
  const where = { cwd: dir, signal };
  await git(['update-ref', ref, head], where);
  try {
    await git(['bundle', 'create', '--quiet', resolve(file), ref, `^${base}`], where);
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await git(['update-ref', '-d', ref], { cwd: dir });
  }
}

/** Whether git can take the bundle into that repository: readable header, prerequisites there. */
export async function verifyBundle(gitDir: string, file: string, signal?: AbortSignal): Promise<boolean> {
  const answer = await git(['bundle', 'verify', '--quiet', resolve(file)], {
    gitDir,
    signal,
    okCodes: [0, 1, 128],
  });
  return answer.exitCode === 0;
}

/** Reads the header; undefined when the file isn't a bundle. */
export async function readBundleHeader(file: string): Promise<BundleOpening | undefined> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(HEADER_LIMIT);
    let length = 0;
    while (length < HEADER_LIMIT) {
      const { bytesRead } = await handle.read(buffer, length, Math.min(4096, HEADER_LIMIT - length), length);
      if (bytesRead === 0) return undefined;
      length += bytesRead;
      const end = buffer.subarray(0, length).indexOf('\n\n');
      if (end < 0) continue;
      const header = parseBundleHeader(buffer.toString('utf8', 0, end));
      return header === undefined ? undefined : { ...header, packAt: end + 2 };
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

/** `text`: everything before the first empty line. */
export function parseBundleHeader(text: string): BundleHeader | undefined {
  const [signature, ...lines] = text.split('\n');
  if (signature !== '# v2 git bundle' && signature !== '# v3 git bundle') return undefined;
  const prerequisites: Commit[] = [];
  const heads: { commit: Commit; ref: string }[] = [];
  const capabilities: string[] = [];
  for (const line of lines) {
    const prerequisite = /^-([0-9a-f]{40,64})( |$)/.exec(line)?.[1];
    const [, commit, ref] = /^([0-9a-f]{40,64}) (\S.*)$/.exec(line) ?? [];
    if (prerequisite !== undefined) prerequisites.push(prerequisite);
    else if (commit !== undefined && ref !== undefined) heads.push({ commit, ref });
    else if (line.startsWith('@')) capabilities.push(line.slice(1));
    else return undefined;
  }
  return { prerequisites, heads, capabilities };
}
