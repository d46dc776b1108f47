/**
 * Whether each profile could start here: its program, and the folder of its account. Another machine may run the
 * workers, so that what is missing is no failure.
 */
import { stat } from 'node:fs/promises';
import { expandHome } from '../../../shared/config/home-path.ts';
import { messageOf } from '../../../shared/errors.ts';
import { adapters } from '../../../shared/harness/adapters.ts';
import { resolveProgram } from '../../../shared/harness/program-path.ts';
import type { Variables } from '../../../shared/service/context.ts';
import { type ProfileProgram, programOf } from '../harness-list.ts';
import type { ProjectPlace } from '../project-place.ts';
import { type Check, type Finding, look, pass, warn } from './report.ts';

type DoctorProfile = ProfileProgram & { readonly account?: string };

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
  const { harness, account } = profile;
  const program = programOf(profile, adapters);
  if (program === undefined) return warn('it names no program');
  let path: string;
  try {
    path = await resolveProgram(program, root, variables['PATH']);
  } catch (error) {
    return warn(messageOf(error), harness === program ? undefined : `${harness} runs ${program}`);
  }
  const runs = harness === 'command' ? path : `${harness}, ${path}`;
  if (account === undefined) return pass(runs);
  const folder = expandHome(account, variables['HOME']);
  if (folder === undefined) return warn(`its account ${account} is in a home, and HOME is not set`, runs);
  if (await isFolder(folder)) return pass(`${runs}, account ${account}`);
  return warn(`its account folder ${account} does not exist: log in there with ${program}`, runs);
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return found?.isDirectory() === true;
}
