/**
 * The repositories that agents keep of lanes' homes: refs whose objects are missing, and stores that were set aside because
 * git could not read them.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isWaggleError } from '../../../shared/errors.ts';
import { type BrokenRef, findBrokenRefs } from '../../../shared/git/broken-refs.ts';
import type { Fault } from './report.ts';

const SHOWN = 3;

/** `folder`: the agent's state directory. */
export async function lookAtMirrors(folder: string): Promise<Fault[]> {
  const lanes = join(folder, 'lanes');
  const homes = (await foldersIn(lanes)).map((name) => join(lanes, name));
  const faults: Fault[] = [];
  for (const parent of [join(folder, 'mirrors'), ...homes]) {
    for (const name of await foldersIn(parent)) {
      const store = join(parent, name);
      if (name.includes('.making-')) continue;
      if (name.includes('.damaged-')) {
        const mend = `once no tree in ${join(folder, 'work')} needs it, remove ${store}`;
        faults.push({ status: 'warn', error: `${store} was set aside: git cannot read it`, mend });
      } else faults.push(...(await storeFaults(store)));
    }
  }
  return faults;
}

async function storeFaults(store: string): Promise<Fault[]> {
  try {
    const { broken } = await findBrokenRefs(store, []);
    if (broken.length === 0) return [];
    const shown = broken.slice(0, SHOWN);
    const names = shown.map(({ ref }) => ref).join(', ');
    const error = `${store}: ${broken.length} refs name objects that are missing, or nothing (${names})`;
    const mends = shown.map((one) => `\`${dropping(store, one)}\``);
    const mend = `${mends.join(', ')}: what a run needs of them is fetched anew`;
    return [{ status: 'warn', error, mend }];
  } catch (error) {
    if (!isWaggleError(error, 'git-failed')) throw error;
    const mend = 'start the agent: it repairs the store or sets it aside and makes another';
    return [{ status: 'warn', error: `${store}: ${error.message}`, mend }];
  }
}

/** The command that takes a broken ref away: git itself does not touch one that it cannot read. */
export const dropping = (gitDir: string, { ref, object }: BrokenRef): string =>
  object === undefined ? `rm ${join(gitDir, ref)}` : `git -C ${gitDir} update-ref -d ${ref}`;

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
