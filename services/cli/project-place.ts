/**
 * Where a project stands on this machine, before any bus is known: for the commands that start one.
 */
import { join } from 'node:path';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { findConfig, type LoadedConfig, loadConfigFile } from '../../shared/config/config-file.ts';
import { type Environment, readEnvironment } from '../../shared/config/environment.ts';
import { WaggleError } from '../../shared/errors.ts';
import { ownRoles, type Variables } from '../../shared/service/context.ts';

export interface ProjectPlace {
  readonly project: string;
  /** The folder of waggle.yaml. */
  readonly root: string;
  /** `<root>/.waggle`. */
  readonly stateRoot: string;
  readonly config: LoadedConfig;
  readonly environment: Environment;
  readonly clock: Clock;
}

/** Finds waggle.yaml from `folder` upward. Errors: `config-missing`, `config-invalid`, `usage`. */
export async function findProject(folder: string, variables: Variables): Promise<ProjectPlace> {
  const environment = readEnvironment(variables);
  const path = await findConfig(folder);
  if (path === undefined) throw new WaggleError('config-missing', { folder });
  const config = await loadConfigFile(path, { roles: ownRoles });
  const { folder: root } = config;
  const project = environment.project ?? config.project;
  return { project, root, stateRoot: join(root, '.waggle'), config, environment, clock: systemClock };
}
