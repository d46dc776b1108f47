/**
 * What every service of a project starts from: the project's folder and configuration, where the bus is, and
 * connections in the accounts that a role needs. Entry points make one; nothing further in reads the environment.
 */
import { dirname, join } from 'node:path';
import { connectBus } from '../bus/nats/connect.ts';
import type { Bus } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import { type Clock, systemClock } from '../clock.ts';
import { type BusLogin, type BusPlace, findBus } from '../config/bus-file.ts';
import type { LoadedConfig } from '../config/config-file.ts';
import { findConfig } from '../config/config-place.ts';
import { type Environment, readEnvironment } from '../config/environment.ts';
import type { NamedProject } from '../config/project-choice.ts';
import { WaggleError } from '../errors.ts';
import type { Log } from '../log.ts';
import { randomId } from '../random.ts';
import { guessedProject, namedProject, type ProjectPlaces } from './project-names.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What a connection needs: of everybody, and all that a mail command needs. */
export interface BusContext {
  readonly project: string;
  /** Who named it. */
  readonly named: NamedProject;
  /** Where others may name another. */
  readonly places: ProjectPlaces;
  /** Folder that holds `.waggle/`: where `waggle.yaml` lies, else where the command was given. */
  readonly root: string;
  /** `<root>/.waggle`. */
  readonly stateRoot: string;
  readonly bus: BusPlace;
  readonly environment: Environment;
  readonly variables: Variables;
  readonly clock: Clock;
}

export interface ServiceContext extends BusContext {
  /** Absent when there is no `waggle.yaml`: an operator at another machine needs none. */
  readonly config: LoadedConfig | undefined;
  readonly log: Log;
}

/** The roles that Waggle's own names hold. */
export const ownRoles = {
  operator: 'operator',
  committer: 'committer',
  'stale-takeover': 'stale-takeover',
} as const;

/**
 * Finds the project from `folder` upward. Errors: `config-invalid`, `bus-unknown`, `project-mismatch`, and `usage` when
 * nothing names the project of a service.
 */
export async function openContext(options: {
  readonly folder: string;
  readonly variables: Variables;
  readonly service: string;
}): Promise<ServiceContext> {
  const { folder, variables, service } = options;
  const configPath = await findConfig(folder);
  const config = configPath === undefined ? undefined : await readConfigFile(configPath);
  const { createLog } = await import('../log.ts');
  const context = await contextOf({
    folder,
    variables,
    configPath,
    ...(config === undefined ? {} : { configProject: config.project }),
    // A service makes streams: it never goes by what a folder happens to be called.
    isService: service !== 'cli',
  });
  return { ...context, config, log: createLog(service, context.environment.logLevel) };
}

/** The same for a mail command, which reads of the configuration the project's name alone and loads no parser for it. */
export async function openBusContext(options: {
  readonly folder: string;
  readonly variables: Variables;
}): Promise<BusContext> {
  return contextOf({ ...options, configPath: await findConfig(options.folder), isService: false });
}

async function contextOf(options: {
  readonly folder: string;
  readonly variables: Variables;
  readonly configPath: string | undefined;
  readonly configProject?: string;
  readonly isService: boolean;
}): Promise<BusContext> {
  const { folder, variables, configPath, isService } = options;
  const environment = readEnvironment(variables);
  const bus = await findBus({ folder, env: variables });
  const places: ProjectPlaces = { ...options, environment, bus };
  const named = (await namedProject(places)) ?? (await guessedProject(folder, environment.mailRoot));
  if (isService && named.source === 'folder') {
    const message =
      'no project is named: set WAGGLE_PROJECT, or run this where a waggle.yaml is (`waggle init`)';
    throw new WaggleError('usage', { message });
  }
  const root = configPath === undefined ? (bus.root ?? folder) : dirname(configPath);
  return {
    project: named.name,
    named,
    places,
    root,
    stateRoot: join(root, '.waggle'),
    bus,
    environment,
    variables,
    clock: systemClock,
  };
}

async function readConfigFile(path: string): Promise<LoadedConfig> {
  const { loadConfigFile } = await import('../config/config-file.ts');
  return loadConfigFile(path, { roles: ownRoles });
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
