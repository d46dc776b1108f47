/**
 * `waggle harness ls`: what each harness can do, and whether it is here. Needs neither a bus nor a waggle.yaml.
 */
import { Command } from 'commander';
import { isWaggleError } from '../../../shared/errors.ts';
import { adapters } from '../../../shared/harness/adapters.ts';
import { resolveProgram } from '../../../shared/harness/program-path.ts';
import type { CommandModule } from '../command-module.ts';
import { harnessEntry, harnessTable, type ProfileProgram } from '../harness-list.ts';
import type { Output } from '../output.ts';
import { findProject } from '../project-place.ts';
import { outputOf, type Session } from '../session.ts';

const HELP = `
RESUMABLE goes on in an earlier conversation; STEER says whether \`waggle steer\` reaches a run under way; CONTINUOUS can
take one task after another in one process; PROMPTS are the ways a prompt can go in, best first.

Example:
  waggle harness ls`;

/** `waggle harness ls`. */
export const build: CommandModule['build'] = (session) =>
  new Command('harness')
    .description('show the harnesses that Waggle can drive')
    .addHelpText('after', HELP)
    .addCommand(
      new Command('ls')
        .description('list all harnesses: what they can do, whether they are here, who uses them')
        .option('--json', 'answer in JSON')
        .addHelpText('after', HELP)
        .action(({ json }: { readonly json?: true }) => list(session, json === true)),
      { isDefault: true },
    );

async function list(session: Session, json: boolean): Promise<void> {
  const output = outputOf(session, { json });
  const profiles = await localProfiles(session, output);
  const entries = await Promise.all(
    Object.values(adapters).map(async (adapter) =>
      harnessEntry(adapter, await pathOf(adapter.program, session), profiles),
    ),
  );
  output.answer(entries, () => harnessTable(entries, output.paint));
}

/** Those of waggle.yaml. Without one there are none; a broken one is told, and is no reason to say nothing. */
async function localProfiles(
  { folder, variables }: Session,
  output: Output,
): Promise<ReadonlyMap<string, ProfileProgram>> {
  try {
    return (await findProject(folder, variables)).config.profiles;
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    if (error.code !== 'config-missing') output.warn(error.message);
    return new Map();
  }
}

async function pathOf(
  program: string | undefined,
  { folder, variables }: Session,
): Promise<string | undefined> {
  if (program === undefined) return undefined;
  try {
    return await resolveProgram(program, folder, variables['PATH']);
  } catch (error) {
    if (isWaggleError(error, 'start-failed')) return undefined;
    throw error;
  }
}
