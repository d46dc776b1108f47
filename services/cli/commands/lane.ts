/**
 * `waggle lane`: what the board knows of each lane, and the one decision about them that only a person takes.
 * Reads no repository: a commit is named whole.
 */
import { Command } from 'commander';
import { suggestion } from '../../../shared/config/nearest-name.ts';
import { WaggleError } from '../../../shared/errors.ts';
import { randomId } from '../../../shared/random.ts';
import { agentName } from '../arguments.ts';
import type { CommandModule } from '../command-module.ts';
import { commitHash } from '../commit-hash.ts';
import { outputOf, type Session, withProject } from '../session.ts';
import { laneRecords, laneTable } from '../status-text.ts';

interface Flags {
  readonly json?: boolean;
}

/** `waggle lane`: lists the lanes; `lane adopt` accepts a branch that somebody else moved. */
export const build: CommandModule['build'] = (session) =>
  new Command('lane')
    .description('show lanes, adopt a branch that somebody moved')
    .addHelpText('after', '\nExamples:\n  waggle lane\n  waggle lane adopt main')
    .addCommand(
      new Command('ls')
        .description('list the lanes')
        .option('--json', 'answer in JSON')
        .action((flags: Flags) => list(session, flags)),
      { isDefault: true },
    )
    .addCommand(
      new Command('adopt')
        .description("accept what stands in a lane's branch as its tip")
        .argument('<lane>', 'its name', agentName)
        .argument('[commit]', 'the commit to accept (default: the one the committer found)', commitHash)
        .option('--json', 'answer in JSON')
        .action((lane: string, tip: string | undefined, flags: Flags) => adopt(session, lane, tip, flags)),
    );

async function list(session: Session, flags: Flags): Promise<void> {
  const output = outputOf(session, flags);
  const status = await withProject(session, ({ client }) =>
    client.query({ v: 1, kind: 'status' }, session.signal),
  );
  const lanes = laneRecords(status);
  output.answer(lanes, () => (lanes.length === 0 ? 'no lane is configured' : laneTable(lanes, output.paint)));
}

async function adopt(
  session: Session,
  lane: string,
  wanted: string | undefined,
  flags: Flags,
): Promise<void> {
  const output = outputOf(session, flags);
  const tip = await withProject(session, async ({ client }) => {
    const lanes = laneRecords(await client.query({ v: 1, kind: 'status' }, session.signal));
    const known = lanes.find((one) => one.lane === lane);
    if (known === undefined) {
      const names = lanes.map((one) => one.lane);
      throw new WaggleError('usage', { message: `there is no lane \`${lane}\`; ${suggestion(lane, names)}` });
    }
    const found = wanted ?? known.moved_to;
    if (found === undefined) {
      throw new WaggleError('usage', { message: `nobody moved lane ${lane}; name the commit to adopt` });
    }
    const answer = await client.command(
      { v: 1, kind: 'lane_adopt', id: randomId(), lane, tip: found },
      session.signal,
    );
    if (answer.status === 'refused') {
      throw new WaggleError('refused', { message: answer.message ?? 'refused', reason: answer.code });
    }
    return found;
  });
  output.answer({ lane, tip }, () => `lane ${lane} goes on from ${tip}`);
}
