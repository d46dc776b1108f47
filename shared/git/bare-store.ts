/**
 * Bare repositories that are ours alone: the worker's mirror, the committer's clone, the cache of a
 * remote. Owns their making and repair; knows nothing of what is put into them.
 *
 * 1. Only whoever holds the lock of the state directory around it opens a store.
 * 2. Opening is idempotent and survives a kill at any instant. What cannot be repaired is moved aside,
 *    never deleted: it may hold objects that a tree with unsaved work needs.
 * 3. A store that borrows reads the lender's objects in place (alternates), so nothing big is copied.
 */
import { appendFile, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { randomId } from '../random.ts';
import type { ObjectFormat } from './commit-id.ts';
import { git, gitLine } from './git.ts';

export interface StoreOptions {
  readonly objectFormat?: ObjectFormat;
  /** Repository (its common directory) whose objects this one may use. */
  readonly borrowFrom?: string;
  readonly signal?: AbortSignal | undefined;
}

// Nothing may vanish behind a tree's back, whoever runs git in it.
const ownSettings = [
  '[gc]',
  '\tauto = 0',
  '\tpruneExpire = never',
  '[maintenance]',
  '\tauto = false',
  '[core]',
  '\tlogAllRefUpdates = true',
  '',
].join('\n');
const leftoverLocks = ['HEAD.lock', 'config.lock', 'packed-refs.lock', 'shallow.lock'];

/** For each store, its last opening in this process: whether it went well. They take turns. */
const turns = new Map<string, Promise<boolean>>();

/** Makes sure that `dir` is a bare repository of ours; resolves to its absolute path. */
export async function openStore(dir: string, options: StoreOptions = {}): Promise<string> {
  const store = resolve(dir);
  const turn = (turns.get(store) ?? Promise.resolve(false)).then((wasOpen) => open(store, options, wasOpen));
  turns.set(
    store,
    turn.then(
      () => true,
      () => false,
    ),
  );
  await turn;
  return store;
}

async function open(store: string, options: StoreOptions, wasOpen: boolean): Promise<void> {
  // Locks that stand when this process opens a store first are a dead one's; later they may be our own.
  if (!wasOpen || !(await isStore(store, options.signal))) {
    await mkdir(dirname(store), { recursive: true });
    await removeHalfMade(store);
    for (const lock of leftoverLocks) await rm(join(store, lock), { force: true });
    if (!(await isStore(store, options.signal)) && !(await repair(store, options)))
      await create(store, options);
  }
  if (options.borrowFrom !== undefined) await borrow(store, options.borrowFrom, options.signal);
}

async function isStore(store: string, signal?: AbortSignal): Promise<boolean> {
  const answer = await git(['rev-parse', '--is-bare-repository'], {
    gitDir: store,
    signal,
    okCodes: [0, 128],
  });
  return answer.stdout === 'true';
}

async function create(store: string, { objectFormat = 'sha1', signal }: StoreOptions): Promise<void> {
  const making = `${store}.making-${randomId(8)}`;
  await initialise(making, objectFormat, signal);
  await appendFile(join(making, 'config'), ownSettings);
  await mkdir(join(making, 'info'), { recursive: true });
  await rename(making, store);
}

/** Whether what stood there is a store again; true repair keeps its objects, trees and refs. */
async function repair(store: string, { objectFormat = 'sha1', signal }: StoreOptions): Promise<boolean> {
  const found = await readdir(store).catch(() => undefined);
  if (found === undefined) return false;
  if (found.includes('objects')) {
    const head = await readFile(join(store, 'HEAD'), 'utf8').catch(() => '');
    if (head.trim() === '') await writeFile(join(store, 'HEAD'), 'ref: refs/heads/main\n');
    const answer = await git(initArguments(store, objectFormat), { signal, okCodes: [0, 1, 128] });
    if (answer.exitCode === 0 && (await isStore(store, signal))) return true;
  }
  if (found.length > 0) await rename(store, `${store}.damaged-${randomId(8)}`);
  return false;
}

async function initialise(folder: string, format: ObjectFormat, signal?: AbortSignal): Promise<void> {
  await git(initArguments(folder, format), { signal });
}

// An empty template: the system's may hold hooks.
const initArguments = (folder: string, format: ObjectFormat): string[] => [
  'init',
  '--quiet',
  '--bare',
  '--template=',
  '--initial-branch=main',
  `--object-format=${format}`,
  folder,
];

async function removeHalfMade(store: string): Promise<void> {
  for (const name of await readdir(dirname(store))) {
    if (name.startsWith(`${basename(store)}.making-`)) {
      await rm(join(dirname(store), name), { recursive: true, force: true });
    }
  }
}

async function borrow(store: string, lender: string, signal?: AbortSignal): Promise<void> {
  const asked = ['--path-format=absolute', '--git-path', 'objects', '--git-path', 'shallow'];
  const answer = await gitLine(['rev-parse', ...asked], { gitDir: lender, signal });
  const [objects = '', shallow = ''] = answer.split('\n');
  const file = join(store, 'objects', 'info', 'alternates');
  await mkdir(dirname(file), { recursive: true });
  const wanted = `${objects}\n`;
  if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
    await writeFile(`${file}.new`, wanted);
    await rename(`${file}.new`, file);
  }
  // A shallow lender ends its history somewhere; without the same list, walks here would miss parents.
  await copyFile(shallow, join(store, 'shallow')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
