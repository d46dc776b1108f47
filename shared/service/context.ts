/**
 * What every service of a project starts from: the project's folder and configuration, where the bus is, and
 * connections in the accounts that a role needs. Entry points make one; nothing further in reads the environment.
 */
import { join } from 'node:path';
import { connectBus } from '../bus/nats/connect.ts';
import type { Bus } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type BusLogin, type BusPlace, findBus } from '../config/bus-file.ts';
import { findConfig, type LoadedConfig, loadConfigFile } from '../config/config-file.ts';
import { type Environment, readEnvironment } from '../config/environment.ts';
import { WaggleError } from '../errors.ts';
import { createLog, type Log } from '../log.ts';
import { randomId } from '../random.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface ServiceContext {
  readonly project: string;
  /** Folder that holds `.waggle/`: where `waggle.yaml` lies, else where the command was given. */
  readonly root: string;
  /** `<root>/.waggle`. */
  readonly stateRoot: string;
  /** Absent when there is no `waggle.yaml`: an operator at another machine needs none. */
  readonly config: LoadedConfig | undefined;
  readonly bus: BusPlace;
  readonly environment: Environment;
  readonly variables: Variables;
  readonly clock: Clock;
  readonly log: Log;
}

/** The roles that Waggle's own names hold. */
export const ownRoles = {
  operator: 'operator',
  committer: 'committer',
  'stale-takeover': 'stale-takeover',
} as const;

/**
 * Finds the project from `folder` upward. Errors: `config-invalid`, `bus-unknown`, and `usage` when nothing names
 * the project.
 */
export async function openContext(options: {
  readonly folder: string;
  readonly variables: Variables;
  readonly service: string;
}): Promise<ServiceContext> {
  const { folder, variables, service } = options;
  const environment = readEnvironment(variables);
  const path = await findConfig(folder);
  const config = path === undefined ? undefined : await loadConfigFile(path, { roles: ownRoles });
  const bus = await findBus({ folder, env: variables });
  const project = environment.project ?? config?.project ?? bus.project;
  if (project === undefined) {
    const message =
      'no project is named: set WAGGLE_PROJECT, or run this where a waggle.yaml is (`waggle init`)';
    throw new WaggleError('usage', { message });
  }
  const root = config?.folder ?? bus.root ?? folder;
  return {
    project,
    root,
    stateRoot: join(root, '.waggle'),
    config,
    bus,
    environment,
    variables,
    clock: systemClock,
    log: createLog(service, environment.logLevel),
  };
}

/** The configuration, for those who cannot do without. Errors: `config-missing`. */
export function configOf(context: ServiceContext): LoadedConfig {
  if (context.config === undefined) throw new WaggleError('config-missing', { folder: context.root });
  return context.config;
}

/** One connection, as `agent`, with the login of the part it plays. */
export function connectAs(
  context: Pick<ServiceContext, 'bus' | 'project' | 'log' | 'clock'>,
  part: 'core' | 'swarm' | 'agent',
  agent: string,
  options: { readonly waitForServer?: boolean; readonly signal?: AbortSignal } = {},
): Promise<Bus> {
  const { bus, project, log, clock } = context;
  const login: BusLogin | undefined = bus[part];
  return connectBus({
    account: part === 'core' ? 'core' : 'swarm',
    urls: bus.urls,
    ...(login === undefined ? {} : login),
    name: `waggle ${project} ${agent}`,
    inboxPrefix: subjectsOf(project).inbox(agent, randomId(10)),
    log,
    clock,
    ...options,
  });
}
