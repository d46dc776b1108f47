/**
 * `waggle land`: brings a lane's branch into the branch that is checked out here. Needs no bus where a waggle.yaml
 * says where the lane is: the work of a swarm that has stopped lands as well.
 */
import { Command } from 'commander';
import { isUrl } from '../../../shared/config/lane-home.ts';
import { suggestion } from '../../../shared/config/nearest-name.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { type Land, land } from '../../../shared/git/land.ts';
import { fetchLaneTip, isHome, type LanePlace } from '../../../shared/git/lane-commits.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { type LandedLane, landRecord, landText, mergeMessage } from '../land-text.ts';
import { findProject } from '../project-place.ts';
import { outputOf, type Session, withProject } from '../session.ts';

interface Flags {
  readonly message?: string;
  readonly ff: boolean;
  readonly keepConflict?: true;
  readonly json?: true;
}

type Lanes = Readonly<Record<string, LanePlace>>;

/** `waggle land [LANE]`. */
export const build: CommandModule['build'] = (session, exit) =>
  new Command('land')
    .description("merge a lane's branch into the branch that is checked out here")
    .argument('[lane]', 'its name (default: main, or the only one)', agentName)
    .option('-m, --message <text>', 'the message of a merge commit')
    .option('--no-ff', 'make a merge commit where a fast-forward would do')
    .option('--keep-conflict', 'leave a merge with conflicts as it stands, to be solved by hand')
    .option('--json', 'answer in JSON')
    .addHelpText(
      'after',
      '\nA fast-forward where one is possible, else a merge commit by you. What is in no commit yet is never touched, and\nno hook runs. Exit code 1 when there are conflicts.\n\nExamples:\n  waggle land\n  waggle land docs --no-ff -m "Take the docs in"',
    )
    .action(async (wanted: string | undefined, flags: Flags) => {
      const output = outputOf(session, { json: flags.json === true });
      const lanes = await knownLanes(session);
      const lane = chosen(wanted, lanes);
      const { landed, told } = await landLane(session, lane, lanes, flags);
      output.answer(landRecord(told, landed), () => landText(told, landed, output.paint));
      if (landed.status === 'conflict') exit(1);
    });

/** From waggle.yaml; without one, from the board. */
async function knownLanes(session: Session): Promise<Lanes> {
  try {
    return (await findProject(session.folder, session.variables)).config.board.lanes;
  } catch (error) {
    if (!isWaggleError(error, 'config-missing')) throw error;
  }
  const { config } = await withProject(session, ({ client }) =>
    client.query<'status'>({ v: 1, kind: 'status' }, session.signal),
  );
  return config.lanes;
}

function chosen(wanted: string | undefined, lanes: Lanes): string {
  const names = Object.keys(lanes);
  const lane = wanted ?? (Object.hasOwn(lanes, 'main') ? 'main' : names.length === 1 ? names[0] : undefined);
  if (lane === undefined) {
    const message =
      names.length === 0 ? 'no lane is configured' : `say which lane: ${names.sort().join(', ')}`;
    throw new WaggleError('usage', { message });
  }
  if (Object.hasOwn(lanes, lane)) return lane;
  throw new WaggleError('usage', { message: `there is no lane \`${lane}\`; ${suggestion(lane, names)}` });
}

async function landLane(
  { folder, variables, signal }: Session,
  lane: string,
  lanes: Lanes,
  flags: Flags,
): Promise<{ landed: Land; told: LandedLane }> {
  const place = lanes[lane];
  if (place === undefined) throw new WaggleError('usage', { message: `there is no lane \`${lane}\`` });
  const { home, branch } = place;
  let isOwn = false;
  const landed = await land({
    dir: folder,
    branch,
    variables,
    noFastForward: !flags.ff,
    keepConflict: flags.keepConflict === true,
    message: (commits) => flags.message ?? mergeMessage(lane, commits),
    async fetchTip({ gitDir }) {
      isOwn = await isHome(home, gitDir);
      return fetchLaneTip(gitDir, place, signal).catch((error: unknown) => {
        throw isWaggleError(error, 'lane-commit-missing') ? notOpened(lane, branch, home, error) : error;
      });
    },
  });
  return { landed, told: { lane, branch, home: isOwn ? '.' : isUrl(home) ? home : quoted(home) } };
}

const quoted = (path: string): string =>
  /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

function notOpened(lane: string, branch: string, home: string, cause: unknown): WaggleError {
  const message = `${home} has no branch ${branch}: no committer has opened lane ${lane} yet`;
  return new WaggleError('refused', { message, reason: 'no-branch' }, { cause });
}
