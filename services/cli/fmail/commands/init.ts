/**
 * `fmail init`: writes down which project this is, so that the folder, its repository and all its working trees agree.
 * It never contradicts waggle.yaml.
 */

import { NAME_PATTERN } from '../../../../schemas/limits.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { findBus } from '../../../../shared/config/bus-file.ts';
import { findConfig } from '../../../../shared/config/config-place.ts';
import { readEnvironment } from '../../../../shared/config/environment.ts';
import {
  findMailRoot,
  isOutside,
  mainTree,
  readMailProject,
  writeMailProject,
} from '../../../../shared/config/mail-root.ts';
import { type NamedProject, twoProjects } from '../../../../shared/config/project-choice.ts';
import { isWaggleError, WaggleError } from '../../../../shared/errors.ts';
import {
  configuredProject,
  guessedProject,
  namedProject,
  type ProjectPlaces,
} from '../../../../shared/service/project-names.ts';
import { excludeMail } from '../../up/exclude.ts';
import type { FmailSession, RunCommand } from '../command-row.ts';

export const run: RunCommand = async ({ session, flags }) => {
  const wanted = readId(flags.text('project'));
  const places = await placesOf(session);
  const { folder, environment } = places;
  const found = await findMailRoot(folder, environment.mailRoot);
  // A home folder's file is that of another project.
  const root = isOutside(found) && found.gitTop !== undefined ? await mainTree(found.gitTop) : found.folder;
  const project = wanted ?? (await idFor(root, places));
  const configured = await configuredProject(places);
  if (configured !== undefined && configured.name !== project.name) {
    const mend = `\`fmail init --project ${configured.name}\`, or change \`project\` in ${configured.from} first`;
    throw twoProjects(configured, project, mend);
  }
  await writeMailProject(root, project.name, systemClock.now());
  await excludeMail(root);
};

function readId(text: string | undefined): NamedProject | undefined {
  if (text === undefined) return undefined;
  const name = text.trim().toLowerCase();
  if (name === '') throw new WaggleError('usage', { message: 'project id is required' });
  if (new RegExp(NAME_PATTERN).test(name)) return { name, source: 'mail-file', from: '--project' };
  const message = `--project: expected lower-case letters, digits and dashes (at most 63), got ${JSON.stringify(text)}`;
  throw new WaggleError('usage', { message });
}

/** What is written down already, else what the project is called now. */
async function idFor(root: string, places: ProjectPlaces): Promise<NamedProject> {
  const known = await readMailProject(root);
  if (known !== undefined) return { name: known.id, source: 'mail-file', from: known.path };
  return (await namedProject(places)) ?? (await guessedProject(places.folder, places.environment.mailRoot));
}

async function placesOf({ folder, variables }: FmailSession): Promise<ProjectPlaces> {
  const environment = readEnvironment(variables);
  const bus = await findBus({ folder, env: variables }).catch((error: unknown) => {
    if (isWaggleError(error, 'bus-unknown')) return undefined;
    throw error;
  });
  const configPath = await findConfig(folder);
  return { folder, environment, configPath, ...(bus === undefined ? {} : { bus }) };
}
