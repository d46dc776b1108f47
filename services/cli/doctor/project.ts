/**
 * The project's own part: its configuration, the repositories of its lanes, the program its workers run.
 */

import type { BoardLane } from '../../../schemas/index.ts';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { isWaggleError, messageOf } from '../../../shared/errors.ts';
import { branchRef } from '../../../shared/git/home.ts';
import { resolveCommit } from '../../../shared/git/repository.ts';
import { resolveProgram } from '../../../shared/harness/program-path.ts';
import type { Variables } from '../../../shared/service/context.ts';
import type { ProjectPlace } from '../project-place.ts';
import { checkLane } from '../up/lane-checks.ts';
import { type Check, type Finding, look, pass, skip, warn } from './report.ts';

/** `place` rejects when there is no valid waggle.yaml. */
export async function projectChecks(
  place: Promise<ProjectPlace>,
  variables: Variables,
): Promise<readonly Check[]> {
  const file = await look('project', 'waggle.yaml', async () => {
    try {
      return pass((await place).config.path);
    } catch (error) {
      // Who only operates a project from afar needs none.
      const isAfar = (variables['WAGGLE_PROJECT'] ?? '') !== '' && isWaggleError(error, 'config-missing');
      if (isAfar) return skip('none here; WAGGLE_PROJECT names the project');
      throw error;
    }
  });
  const found = await place.catch(() => undefined);
  if (found === undefined) return [file];
  const { config, named } = found;
  const name = await look('project', 'name', () => pass(`${named.name}, from ${named.from}`));
  const lanes = Object.entries(config.board.lanes).map(([name, lane]) =>
    look('project', `lane ${name}`, () => laneFinding(lane)),
  );
  const profile = look('project', 'profile', () => profileFinding(found, variables));
  return [file, name, ...(await Promise.all([...lanes, profile]))];
}

async function laneFinding(lane: BoardLane): Promise<Finding> {
  const { home, branch } = lane;
  if (isUrl(home))
    return skip(`at a URL (${home.replace(/\/\/[^@/]*@/, '//')}): its committer reaches it, or not`);
  await checkLane(lane);
  const tip = await resolveCommit({ cwd: home }, branchRef(branch));
  return pass(
    tip === undefined
      ? `${home}; ${branch} begins at ${lane.base}`
      : `${home}; ${branch} at ${tip.slice(0, 10)}`,
  );
}

/** Another machine may run the workers, so that a missing program is no failure. */
async function profileFinding({ config, root }: ProjectPlace, variables: Variables): Promise<Finding> {
  const name = config.workers.profile;
  const profile = name === undefined ? undefined : config.profiles.get(name);
  const program = profile?.command[0];
  if (program === undefined) return warn('no profile is configured: `waggle worker` has nothing to run');
  try {
    return pass(`${name} runs ${await resolveProgram(program, root, variables['PATH'])}`);
  } catch (error) {
    return warn(messageOf(error), `${name} runs ${program}`);
  }
}
