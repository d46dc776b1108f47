/**
 * The project's own part: its configuration, the repositories of its lanes; its profiles are in `profiles.ts`.
 */

import type { BoardLane } from '../../../schemas/index.ts';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { branchRef } from '../../../shared/git/home.ts';
import { resolveCommit } from '../../../shared/git/repository.ts';
import type { Variables } from '../../../shared/service/context.ts';
import type { ProjectPlace } from '../project-place.ts';
import { checkLane } from '../up/lane-checks.ts';
import { profileChecks } from './profiles.ts';
import { type Check, type Finding, look, pass, skip } from './report.ts';

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
  const profiles = profileChecks(found, variables);
  return [file, name, ...(await Promise.all(lanes)), ...(await profiles)];
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
