/**
 * The project's own part: its configuration, the repositories of its lanes; its profiles are in `profiles.ts`.
 */

import type { BoardLane } from '../../../schemas/index.ts';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { findBrokenRefs } from '../../../shared/git/broken-refs.ts';
import { branchRef, fenceRef } from '../../../shared/git/home.ts';
import { inspectRepository, resolveCommit } from '../../../shared/git/repository.ts';
import type { Variables } from '../../../shared/service/context.ts';
import type { ProjectPlace } from '../project-place.ts';
import { checkLane } from '../up/lane-checks.ts';
import { dropping } from './mirrors.ts';
import { profileChecks } from './profiles.ts';
import { type Check, type Finding, fail, look, pass, skip } from './report.ts';

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
    look('project', `lane ${name}`, () => laneFinding(name, lane)),
  );
  const profiles = profileChecks(found, variables);
  return [file, name, ...(await Promise.all(lanes)), ...(await profiles)];
}

async function laneFinding(name: string, lane: BoardLane): Promise<Finding> {
  const { home, branch } = lane;
  if (isUrl(home))
    return skip(`at a URL (${home.replace(/\/\/[^@/]*@/, '//')}): its committer reaches it, or not`);
  const broken = await brokenFinding(name, lane);
  if (broken !== undefined) return broken;
  await checkLane(lane);
  const tip = await resolveCommit({ cwd: home }, branchRef(branch));
  return pass(
    tip === undefined
      ? `${home}; ${branch} begins at ${lane.base}`
      : `${home}; ${branch} at ${tip.slice(0, 10)}`,
  );
}

/** The lane's own refs must lead somewhere: nobody commits there before that, and no fence is known. */
async function brokenFinding(name: string, { home, branch }: BoardLane): Promise<Finding | undefined> {
  const { gitDir } = await inspectRepository(home);
  const { broken } = await findBrokenRefs(gitDir, [branchRef(branch), fenceRef(name)]);
  if (broken.length === 0) return undefined;
  const shown = broken.map(({ ref, object }) =>
    object === undefined ? `${ref} holds no commit's name` : `${ref} names ${object}, which is missing`,
  );
  const mends = broken.map((one) => {
    const drop = `\`${dropping(gitDir, one)}\``;
    if (one.ref === fenceRef(name))
      return `${drop} while no committer runs: the next commit writes the fence anew`;
    return `bring the commit back from another clone (\`git -C ${gitDir} fetch <clone> <commit>\`), or go on from the newest good one: ${drop}, \`git -C ${gitDir} update-ref ${one.ref} <commit>\`, then \`waggle lane adopt ${name}\``;
  });
  return fail(`${home}: ${shown.join('; ')}`, undefined, mends.join('; '));
}
