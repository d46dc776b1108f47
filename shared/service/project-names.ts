/**
 * Which project a folder belongs to: what names one there, read in the order that decides, and no further than needed.
 * No git process is run while the environment or a file names the project.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { BusPlace } from '../config/bus-file.ts';
import { findConfig } from '../config/config-place.ts';
import { type Environment, readEnvironment } from '../config/environment.ts';
import { findMailRoot, isOutside, type MailRoot, readMailProject } from '../config/mail-root.ts';
import { chooseProject, type NamedProject, type NamedProjects } from '../config/project-choice.ts';
import { projectKey } from '../config/project-key.ts';
import { projectName, projectOfOrigin } from '../config/project-name.ts';
import { remoteKey } from '../config/remote-key.ts';

/** Where to look. `configPath`: the nearest waggle.yaml, if there is one; `configProject`: what it names, where it is read already. */
export interface ProjectPlaces {
  readonly folder: string;
  readonly environment: Pick<Environment, 'project' | 'projectFrom' | 'mailRoot'>;
  readonly configPath: string | undefined;
  readonly configProject?: string;
  readonly bus?: Pick<BusPlace, 'project' | 'source'>;
}

/** The project that is meant here; undefined when neither variable nor file names one. Errors: `project-mismatch`, `config-invalid`. */
export async function namedProject(places: ProjectPlaces): Promise<NamedProject | undefined> {
  const environment = fromEnvironment(places.environment);
  if (environment !== undefined) return environment;
  return chooseProject(await namesInFiles(places));
}

/** The project that variables or files name there, whether or not a bus is known. Errors: those of `namedProject`. */
export async function projectOfFolder(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const environment = readEnvironment(variables);
  return (await namedProject({ folder, environment, configPath: await findConfig(folder) }))?.name;
}

/** The project that the repository's origin gives, else the folder's name. Errors: `git-missing`, `git-failed`. */
export async function guessedProject(folder: string, mailRoot?: string): Promise<NamedProject> {
  const root = await findMailRoot(folder, mailRoot);
  const start = root.by === 'FMAIL_ROOT' ? root.folder : folder;
  // git, and what starts it, is loaded only where it is needed.
  const { repositoryOrigin } = await import('../git/origin.ts');
  const origin = await repositoryOrigin(start, (url) => remoteKey(url) !== undefined);
  switch (origin?.kind) {
    case 'url':
    case 'text':
      return {
        name: projectOfOrigin(origin.text),
        source: 'remote',
        from: `git remote ${withoutLogin(origin.text)}`,
      };
    case 'path':
      return { name: projectOfOrigin(origin.path), source: 'remote', from: `git repository ${origin.path}` };
    default: {
      const at = origin?.path ?? root.folder;
      return {
        name: projectName({ folder: basename(at) === '' ? '/' : at }),
        source: 'folder',
        from: `folder ${at}`,
      };
    }
  }
}

/** Every project that is named here by anything but `chosen`, likeliest first; what cannot be read names none. */
export async function otherProjects(places: ProjectPlaces, chosen: NamedProject): Promise<NamedProject[]> {
  const named = await namesInFiles(places).catch((): NamedProjects => ({}));
  const guessed = await guessedProject(places.folder, places.environment.mailRoot).catch(() => undefined);
  const all = [fromEnvironment(places.environment), named.config, named.mailFile, named.bus, guessed];
  const others: NamedProject[] = [];
  for (const one of all) {
    if (one === undefined || one.name === chosen.name || others.some(({ name }) => name === one.name))
      continue;
    others.push(one);
  }
  return others;
}

async function namesInFiles(places: ProjectPlaces): Promise<NamedProjects> {
  const { folder, environment, configPath, bus } = places;
  const root = await findMailRoot(folder, environment.mailRoot);
  const [config, mailFile] = await Promise.all([
    configuredProject(places),
    fromMailFile(root, configPath !== undefined),
  ]);
  return {
    ...(config === undefined ? {} : { config }),
    ...(mailFile === undefined ? {} : { mailFile }),
    ...(bus?.project === undefined ? {} : { bus: { name: bus.project, source: 'bus', from: bus.source } }),
  };
}

function fromEnvironment({ project, projectFrom }: ProjectPlaces['environment']): NamedProject | undefined {
  if (project === undefined) return undefined;
  return { name: project, source: 'environment', from: projectFrom ?? 'environment' };
}

/** What waggle.yaml names, if there is one. Errors: `config-invalid`. */
export async function configuredProject({
  configPath,
  configProject,
}: ProjectPlaces): Promise<NamedProject | undefined> {
  if (configPath === undefined) return undefined;
  const name =
    configProject ?? projectKey(await readFile(configPath, 'utf8')) ?? (await parsedProject(configPath));
  return { name, source: 'config', from: configPath };
}

/** As YAML reads it. */
async function parsedProject(path: string): Promise<string> {
  const { loadConfigFile } = await import('../config/config-file.ts');
  return (await loadConfigFile(path)).project;
}

/** A root above the repository is not asked where waggle.yaml speaks. */
async function fromMailFile(root: MailRoot, hasConfig: boolean): Promise<NamedProject | undefined> {
  if (hasConfig && isOutside(root)) return undefined;
  const found = await readMailProject(root.folder);
  return found === undefined ? undefined : { name: found.id, source: 'mail-file', from: found.path };
}

const withoutLogin = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');
