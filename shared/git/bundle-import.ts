/**
 * Taking a stranger's bundle into a repository of ours. Owns what is accepted:
 *
 * 1. Exactly one head, the one that was named; prerequisites only the base or its ancestors.
 * 2. Every object passes fsck and the whole range is connected, in a quarantine that is thrown away, before
 *    anything reaches the store; only what `head` needs beyond `base` leaves the quarantine.
 * 3. Base is an ancestor of head.
 * Nothing is checked out and no submodule is looked into: a gitlink is only data.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { isWaggleError } from '../errors.ts';
import { randomId } from '../random.ts';
import { createStore } from './bare-store.ts';
import { type BundleHeader, readBundleHeader } from './bundle.ts';
import { type Commit, formatOf } from './commit-id.ts';
import { git } from './git.ts';
import { fetchFlags } from './remote.ts';
import { hasCommit, isAncestor } from './repository.ts';

export interface ImportRange {
  readonly base: Commit;
  readonly head: Commit;
  readonly signal?: AbortSignal | undefined;
}

export type Imported =
  | { readonly status: 'ok' }
  | { readonly status: 'damaged' /** One sentence for a person. */; readonly detail: string };

const damaged = (detail: string): Imported => ({ status: 'damaged', detail });

/** Brings `base..head` from the bundle `file` into the bare repository `gitDir`. */
export async function importBundle(gitDir: string, file: string, range: ImportRange): Promise<Imported> {
  const { base, head, signal } = range;
  const store = { gitDir, signal };
  const header = await readBundleHeader(file);
  if (header === undefined) return damaged('the file is not a git bundle');
  if (!(await hasCommit(store, base))) return damaged(`its base ${base} is not in the lane`);
  const fault = headerFault(header, head) ?? (await prerequisiteFault(header, store, base));
  if (fault !== undefined) return damaged(fault);

  const folder = await mkdtemp(join(tmpdir(), 'waggle-quarantine-'));
  try {
    const quarantine = await createStore(join(folder, 'git'), {
      borrowFrom: gitDir,
      objectFormat: formatOf(head),
      signal,
    });
    const read = await take(quarantine, createReadStream(file, { start: header.packAt }), head, signal);
    if (read !== undefined) return damaged(read);
    if (!(await isAncestor({ gitDir: quarantine, signal }, base, head))) {
      return damaged(`its head ${head} does not descend from its base ${base}`);
    }
    // A ref for as long as git needs one; afterwards the store, which never prunes, keeps the objects.
    const arrival = `refs/waggle/imported/${randomId()}`;
    await git(['fetch', ...fetchFlags, quarantine, `${HELD}:${arrival}`], store);
    await git(['update-ref', '-d', arrival], { gitDir });
    return { status: 'ok' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const HELD = 'refs/waggle/held';

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
    if (!(await hasCommit(store, commit)) || !(await isAncestor(store, commit, base))) {
      return `it builds on ${commit}, which its base ${base} does not contain`;
    }
  }
  return undefined;
}

/**
 * Reads all objects into the quarantine; what git objects to, if anything. Not by a fetch of the bundle:
 * older gits don't check its objects, whatever fsckObjects says.
 */
async function take(
  quarantine: string,
  pack: Readable,
  head: Commit,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const store = { gitDir: quarantine, signal };
  try {
    await git(['index-pack', '--stdin', '--fix-thin', '--strict'], { ...store, input: pack });
    if (!(await hasCommit(store, head))) return `it does not hold ${head}`;
    await git(['update-ref', HELD, head], store);
    return undefined;
  } catch (error) {
    if (!isWaggleError(error, 'git-failed')) throw error;
    return `git cannot read it: ${String(error.details['stderr']).slice(-1_000)}`;
  } finally {
    pack.destroy();
  }
}
