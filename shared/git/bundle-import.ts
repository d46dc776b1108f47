/**
 * Taking a stranger's bundle into a repository of ours. Owns what is accepted:
 *
 * 1. Exactly one head, the one that was named; prerequisites only the base or its ancestors.
 * 2. Every object passes fsck and the whole range is connected, in a quarantine (a folder of objects that lies over
 *    the store's, as git's own receiving side has it), before the pack moves into the store. What a pack holds
 *    beyond that range is reachable from nothing.
 * 3. Base is an ancestor of head.
 * Nothing is checked out and no submodule is looked into: a gitlink is only data.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isWaggleError } from '../errors.ts';
import { type BundleHeader, readBundleHeader } from './bundle.ts';
import type { Commit } from './commit-id.ts';
import { type GitOptions, git, gitLine } from './git.ts';
import { hasCommit, isAncestor } from './repository.ts';

export interface ImportRange {
  readonly base: Commit;
  readonly head: Commit;
  readonly signal?: AbortSignal | undefined;
}

export type Imported =
  | { readonly status: 'ok' }
  | { readonly status: 'damaged' /** One sentence for a person. */; readonly detail: string };

/** How the names of half-taken packs' folders begin, among the store's objects. */
export const QUARANTINE = 'quarantine-';

const damaged = (detail: string): Imported => ({ status: 'damaged', detail });

/** Brings `base..head` from the bundle `file` into the bare repository `gitDir`. */
export async function importBundle(gitDir: string, file: string, range: ImportRange): Promise<Imported> {
  const { base, head, signal } = range;
  const store = { gitDir, signal };
  const header = await readBundleHeader(file);
  if (header === undefined) return damaged('the file is not a git bundle');
  if (!(await hasCommit(store, base))) return damaged(`its base ${base} is not in the lane`);
  const odd = headerFault(header, head) ?? (await prerequisiteFault(header, store, base));
  if (odd !== undefined) return damaged(odd);

  const objects = await gitLine(['rev-parse', '--path-format=absolute', '--git-path', 'objects'], store);
  // Beside the store's packs, so that the pack can be moved by a rename.
  const quarantine = await mkdtemp(join(objects, QUARANTINE));
  try {
    const env = { GIT_OBJECT_DIRECTORY: quarantine, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects };
    const over = { ...store, env };
    const fault = await take(over, createReadStream(file, { start: header.packAt }), range);
    if (fault !== undefined) return damaged(fault);
    if (!(await isAncestor(over, base, head))) {
      return damaged(`its head ${head} does not descend from its base ${base}`);
    }
    await movePacks(join(quarantine, 'pack'), join(objects, 'pack'));
    return { status: 'ok' };
  } finally {
    await rm(quarantine, { recursive: true, force: true });
  }
}

/** A pack counts once its index stands beside it, so the index comes last. */
async function movePacks(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const last = (name: string) => (name.endsWith('.idx') ? 1 : 0);
  const names = (await readdir(from)).filter((name) => /^pack-.*\.(pack|rev|idx)$/.test(name));
  for (const name of names.sort((a, b) => last(a) - last(b))) await rename(join(from, name), join(to, name));
}

function headerFault(header: BundleHeader, head: Commit): string | undefined {
  const [only, ...more] = header.heads;
  if (only === undefined || more.length > 0) return `it has ${header.heads.length} heads, expected one`;
  if (only.commit !== head) return `its head is ${only.commit}, expected ${head}`;
  const odd = header.capabilities.find((capability) => !capability.startsWith('object-format='));
  return odd === undefined ? undefined : `it asks for ${odd}`;
}

async function prerequisiteFault(
  header: BundleHeader,
  store: { gitDir: string; signal: AbortSignal | undefined },
  base: Commit,
): Promise<string | undefined> {
  for (const commit of header.prerequisites) {
    if (commit === base) continue;
    if (!(await hasCommit(store, commit)) || !(await isAncestor(store, commit, base))) {
      return `it builds on ${commit}, which its base ${base} does not contain`;
    }
  }
  return undefined;
}

/**
 * Reads all objects into the quarantine and walks the whole range; what git objects to, if anything. Not by a
 * fetch of the bundle: older gits don't check its objects, whatever fsckObjects says.
 */
async function take(
  over: GitOptions,
  pack: Readable,
  { base, head }: ImportRange,
): Promise<string | undefined> {
  try {
    await git(['index-pack', '--stdin', '--fix-thin', '--strict'], { ...over, input: pack });
    if (!(await hasCommit(over, head))) return `it does not hold ${head}`;
    await git(['rev-list', '--objects', '--quiet', head, `^${base}`], over);
    return undefined;
  } catch (error) {
    if (!isWaggleError(error, 'git-failed')) throw error;
    return `git cannot read it: ${String(error.details['stderr']).slice(-1_000)}`;
  } finally {
    pack.destroy();
  }
}
