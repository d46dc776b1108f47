/**
 * Finds the program of an argument vector as the child would, before anything is started, so that what is
 * wrong can be said in a sentence.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { WaggleError } from '../errors.ts';

/** PATH of a child that is given none. */
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * The absolute path of `program` as found from `folder` on `path`. Error: `start-failed` when the folder or
 * the program is missing, or is not one.
 */
export async function resolveProgram(program: string, folder: string, path = DEFAULT_PATH): Promise<string> {
  const fail = (cause: string) => new WaggleError('start-failed', { program: program || '""', cause });
  if (!(await stat(folder).catch(absent))?.isDirectory())
    throw fail(`the working directory ${folder} does not exist or is no folder`);
  const named = program.includes('/');
  const candidates = named
    ? [resolve(folder, program)]
    : path.split(':').map((place) => resolve(folder, join(place, program)));
  let barred: string | undefined;
  for (const candidate of program === '' ? [] : candidates) {
    if (!(await stat(candidate).catch(absent))?.isFile()) continue;
    if (await isExecutable(candidate)) return candidate;
    barred ??= candidate;
  }
  if (barred !== undefined) throw fail(`${barred} is not executable (chmod +x makes it so)`);
  if (!named) throw fail(`it was not found on PATH (${path})`);
  throw fail(`there is no such file${program.startsWith('/') ? '' : ` in ${folder}`}`);
}

const absent = (): undefined => undefined;

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
