/**
 * The lock of a state directory: at most one live process owns it. Exact: who owns it is decided by what
 * the system says of the owner's process, never by time.
 *
 * 1. A lock is a file `lock.<generation>` that appears whole (`link` of a finished, synced file) and is
 *    never changed but to say that it was released. The highest generation is the owner's.
 * 2. The highest file is never removed, so generations only grow, also over releases.
 * 3. A starter takes the next generation only after it found the highest one's owner dead or released.
 *    If a higher one stands there after its own link (it was asleep in between), its own never counted: it
 *    takes that back and looks again.
 * 4. A copy of the directory is another place: it has the same state id, but not the same folder of the file
 *    system.
 * 5. A holder of another boot of this machine is dead; one on another host cannot be judged: refused.
 *    (Containers that share a directory must have different host names.)
 */
import { createHash } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../../schemas/claim.ts';
import { WaggleError } from '../errors.ts';
import type { RandomId } from '../random.ts';
import { bootId, hostName, isAlive, type ProcessIdentity, processIdentity } from './identity.ts';

/** What stands in a lock file. */
interface LockRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly host: string;
  readonly boot: string;
  readonly incarnation: string;
  readonly released?: true;
}

export interface StateLock {
  readonly generation: number;
  /** `<generation>-<random>`: names this hold of the directory for ever. */
  readonly incarnation: string;
  /** Names the directory for ever. */
  readonly stateId: string;
  /** What to tell the orchestrator of where this process lives. */
  readonly place: Place;
  /** Gives the directory back; safe to call again. */
  release(): Promise<void>;
}

/**
 * Takes the lock of `folder` (made when missing) for this process. Errors: `state-locked` when a live
 * process holds it, `state-foreign` when it belongs to another host.
 */
export async function acquireStateLock(
  folder: string,
  { randomId }: { randomId: RandomId },
): Promise<StateLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const self = await ownIdentity();
  const here = { host: hostName(), boot: await bootId() };
  for (;;) {
    const highest = Math.max(0, ...(await generations(folder)));
    if (highest > 0 && !(await isFree(folder, highest, here))) continue;
    const generation = highest + 1;
    const incarnation = `${generation}-${randomId()}`;
    const record: LockRecord = { ...self, ...here, incarnation };
    if (!(await createWhole(folder, lockName(generation), JSON.stringify(record), randomId))) continue;
    const present = await generations(folder);
    if (present.some((other) => other > generation)) {
      await rm(join(folder, lockName(generation)), { force: true });
      continue;
    }
    for (const lower of present.filter((other) => other < generation))
      await rm(join(folder, lockName(lower)), { force: true });
    const stateId = await readOrCreateStateId(folder, randomId);
    let released: Promise<void> | undefined;
    return {
      generation,
      incarnation,
      stateId,
      place: { ...here, state: await placeState(folder, stateId) },
      release: () => {
        released ??= markReleased(folder, generation, record, randomId);
        return released;
      },
    };
  }
}

/** The file that names a state directory for ever. */
export const STATE_ID = 'state-id';

/** Whether a state directory can be called so. */
export const isStateId = (text: string): boolean => /^[0-9A-Za-z_-]{1,64}$/.test(text);

const lockName = (generation: number): string => `lock.${generation}`;

/** The process of this machine that holds the directory and runs; only looks. */
export async function lockHolder(folder: string): Promise<ProcessIdentity | undefined> {
  const found = await generations(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const highest = Math.max(0, ...found);
  if (highest === 0) return undefined;
  const record = parseRecord(await readFile(join(folder, lockName(highest)), 'utf8').catch(() => ''));
  if (record === undefined || record.released === true || record.boot !== (await bootId())) return undefined;
  const { pid, startedAt } = record;
  return (await isAlive({ pid, startedAt })) ? { pid, startedAt } : undefined;
}

async function generations(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => {
    const match = /^lock\.([1-9]\d*)$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

async function ownIdentity(): Promise<ProcessIdentity> {
  const identity = await processIdentity(process.pid);
  if (identity === undefined) throw new Error('the system does not list this process');
  return identity;
}

/** Whether the owner of that generation has let go. False: it changed meanwhile, look again. */
async function isFree(
  folder: string,
  generation: number,
  here: { host: string; boot: string },
): Promise<boolean> {
  const file = join(folder, lockName(generation));
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  // A higher generation came, and its owner removed this one.
  if (text === undefined) return false;
  const record = parseRecord(text);
  // Locks appear whole: one that cannot be read was cut by a loss of power, which its owner didn't survive.
  if (record === undefined || record.released === true) return true;
  const sameBoot = record.boot === here.boot;
  // A Mac's host name follows its network; it has no containers that would make the name matter.
  if (record.host !== here.host && !(sameBoot && process.platform === 'darwin'))
    throw new WaggleError('state-foreign', { folder, pid: record.pid, host: record.host, file });
  if (!sameBoot || !(await isAlive(record))) return true;
  throw new WaggleError('state-locked', { folder, pid: record.pid });
}

function parseRecord(text: string): LockRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as LockRecord) : undefined;
  } catch {
    return undefined;
  }
}

async function markReleased(
  folder: string,
  generation: number,
  record: LockRecord,
  randomId: RandomId,
): Promise<void> {
  try {
    const temporary = await writeTemporary(folder, JSON.stringify({ ...record, released: true }), randomId);
    await rename(temporary, join(folder, lockName(generation)));
  } catch (error) {
    // Somebody removed the directory, and the lock with it; or its disk takes nothing, and the end of this process tells.
    if (!harmless.includes((error as NodeJS.ErrnoException).code)) throw error;
  }
}

const harmless: readonly (string | undefined)[] = ['ENOENT', 'ENOSPC', 'EDQUOT', 'EROFS'];

/** One that was emptied or overwritten is set aside: with a new id it is another place, as a copy is. */
async function readOrCreateStateId(folder: string, randomId: RandomId): Promise<string> {
  const file = join(folder, STATE_ID);
  for (;;) {
    await createWhole(folder, STATE_ID, randomId(), randomId);
    const id = (await readFile(file, 'utf8')).trim();
    if (isStateId(id)) return id;
    await rename(file, `${file}.unreadable`);
  }
}

/** Tells a directory from its copies; survives a rename. */
async function placeState(folder: string, stateId: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return createHash('sha256').update(`${stateId} ${dev} ${ino}`).digest('hex').slice(0, 32);
}

/** Makes a file that appears with its whole content; false when it exists already. */
async function createWhole(
  folder: string,
  name: string,
  content: string,
  randomId: RandomId,
): Promise<boolean> {
  const temporary = await writeTemporary(folder, content, randomId);
  try {
    await link(temporary, join(folder, name));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeTemporary(folder: string, content: string, randomId: RandomId): Promise<string> {
  const temporary = join(folder, `.new-${randomId()}`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}
