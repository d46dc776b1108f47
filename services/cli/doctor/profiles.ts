/**
 * Whether each profile could start here: its program, its prompt, and the folder of its account. Another machine may
 * run the workers, so that what is missing is no failure.
 */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mode } from '../../../schemas/index.ts';
import { expandHome } from '../../../shared/config/home-path.ts';
import { messageOf } from '../../../shared/errors.ts';
import { adapters } from '../../../shared/harness/adapters.ts';
import { resolveProgram } from '../../../shared/harness/program-path.ts';
import type { Variables } from '../../../shared/service/context.ts';
import { type ProfileProgram, programOf } from '../harness-list.ts';
import type { ProjectPlace } from '../project-place.ts';
import { type Check, type Finding, look, pass, warn } from './report.ts';

type DoctorProfile = ProfileProgram & { readonly account?: string; readonly template?: string };

/** Templates that need no file of the project's own. */
const shipped: ReadonlySet<string> = new Set<Mode | 'none'>(['single-task', 'continuous', 'none']);

/** One check a profile; one that warns when there is none. */
export async function profileChecks(
  { config, root }: Pick<ProjectPlace, 'config' | 'root'>,
  variables: Variables,
): Promise<readonly Check[]> {
  if (config.profiles.size === 0) {
    const none = () =>
      warn('no profile is configured: `waggle worker` has nothing to run; `waggle profile add` adds one');
    return [await look('project', 'profile', none)];
  }
  const looks = [...config.profiles].map(([name, profile]) =>
    look('project', `profile ${name}`, () => finding(profile, root, variables)),
  );
  return Promise.all(looks);
}

async function finding(profile: DoctorProfile, root: string, variables: Variables): Promise<Finding> {
  const { harness, account, template } = profile;
  const program = programOf(profile, adapters);
  if (program === undefined) return warn('it names no program');
  let path: string;
  try {
    path = await resolveProgram(program, root, variables['PATH']);
  } catch (error) {
    return warn(messageOf(error), harness === program ? undefined : `${harness} runs ${program}`);
  }
  const runs = harness === 'command' ? path : `${harness}, ${path}`;
  if (template !== undefined && !shipped.has(template)) {
    const file = join(root, '.waggle', 'prompts', `${template}.md`);
    const isThere = (await found(file))?.isFile() === true;
    if (!isThere) return warn(`its template ${template} is not there: expected ${file}`, runs);
  }
  if (account === undefined) return pass(runs);
  const folder = expandHome(account, variables['HOME']);
  if (folder === undefined) return warn(`its account ${account} is in a home, and HOME is not set`, runs);
  if (await isFolder(folder)) return pass(`${runs}, account ${account}`);
  return warn(`its account folder ${account} does not exist: log in there with ${program}`, runs);
}

const isFolder = async (path: string): Promise<boolean> => (await found(path))?.isDirectory() === true;

async function found(path: string): Promise<Stats | undefined> {
  return await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
