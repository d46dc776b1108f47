/**
 * Where a project stands on this machine, before any bus is known: for the commands that start one.
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { type LoadedConfig, loadConfigFile } from '../../shared/config/config-file.ts';
import { findConfig } from '../../shared/config/config-place.ts';
import { type Environment, readEnvironment } from '../../shared/config/environment.ts';
import type { NamedProject } from '../../shared/config/project-choice.ts';
import { WaggleError } from '../../shared/errors.ts';
import { ownRoles, type Variables } from '../../shared/service/context.ts';
import { namedProject } from '../../shared/service/project-names.ts';

export interface ProjectPlace {
  readonly project: string;
  /** Who named it. */
  readonly named: NamedProject;
  /** The folder of waggle.yaml. */
  readonly root: string;
  /** `<root>/.waggle`. */
  readonly stateRoot: string;
  readonly config: LoadedConfig;
  readonly environment: Environment;
  readonly clock: Clock;
}

/** Finds waggle.yaml from `folder` upward. Errors: `config-missing`, `config-invalid`, `usage`, `project-mismatch`. */
export async function findProject(folder: string, variables: Variables): Promise<ProjectPlace> {
  const environment = readEnvironment(variables);
  const path = await findConfig(folder);
  if (path === undefined) throw new WaggleError('config-missing', { folder });
  const config = await loadConfigFile(path, { roles: ownRoles });
  const { folder: root } = config;
  const configured: NamedProject = { name: config.project, source: 'config', from: path };
  const places = { folder, environment, configPath: path, configProject: config.project };
  const named = (await namedProject(places)) ?? configured;
  return {
    project: named.name,
    named,
    root,
    stateRoot: join(root, '.waggle'),
    config,
    environment,
    clock: systemClock,
  };
}
