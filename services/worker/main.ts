/**
 * Entry of the worker service: one harness of one profile, under one name, until the signal aborts.
 */
import { join } from 'node:path';
import type { Mode } from '../../schemas/index.ts';
import type { LoadedConfig } from '../../shared/config/config-file.ts';
import { expandHome } from '../../shared/config/home-path.ts';
import { WaggleError } from '../../shared/errors.ts';
import type { HarnessProfile } from '../../shared/harness/profile.ts';
import { randomId } from '../../shared/random.ts';
import { configOf, connectAs, type ServiceContext } from '../../shared/service/context.ts';
import { VERSION } from '../../shared/version.ts';
import type { Commands } from './command-folder.ts';
import { runWorker } from './worker.ts';

export interface WorkerArguments {
  readonly name: string;
  /** Default: the configuration's `workers.pool` or `workers.profile`. Not both. */
  readonly profile?: string;
  readonly pool?: string;
  /** Default: the configuration's `workers.mode`. */
  readonly mode?: Mode;
  /** Command lines of Waggle's own commands, for harnesses to find. */
  readonly commands?: Commands;
  readonly labels?: readonly string[];
  /** Default: `.waggle/agents/<name>`. */
  readonly stateDir?: string;
  readonly drainMs?: number;
  /** Leave when there is nothing to do, after three claims that waited this long; absent: wait for ever. */
  readonly idleWaitMs?: number;
}

const DRAIN_MS = 30_000;

/**
 * Resolves when the worker has left of its own accord: the signal, a control message, idle-stop. Errors: `usage` (no
 * such profile), `config-missing`, those of the worker.
 */
export async function workerMain(
  context: ServiceContext,
  args: WorkerArguments,
  signal: AbortSignal,
): Promise<void> {
  const { project, clock, log, variables, stateRoot } = context;
  const config = configOf(context);
  const chosen = chosenProfiles(config, args);
  const profiles = atHome(chosen.profiles, variables['HOME']);
  const labels = args.labels ?? config.workers.labels;
  const swarm = await connectAs(context, 'agent', args.name, { waitForServer: true, signal });
  try {
    await runWorker(
      {
        swarm,
        project,
        agent: args.name,
        stateDir: args.stateDir ?? join(stateRoot, 'agents', args.name),
        repoPath: context.root,
        ...chosen,
        profiles,
        mode: args.mode ?? config.workers.mode,
        ...(config.workers.stop === undefined ? {} : { stop: config.workers.stop }),
        promptsFolder: join(stateRoot, 'prompts'),
        ...(args.commands === undefined ? {} : { commands: args.commands }),
        checkpointMs: config.workers.checkpointMs,
        ...(args.idleWaitMs === undefined ? {} : { idleWaitMs: args.idleWaitMs }),
        os: process.platform === 'darwin' ? 'darwin' : 'linux',
        labels,
        environment: variables,
        pid: process.pid,
        version: VERSION,
        drainMs: args.drainMs ?? DRAIN_MS,
        clock,
        randomId,
        log,
      },
      signal,
    );
  } finally {
    await swarm.close();
  }
}

/** The profiles of the pool, in its order, or the one profile. Errors: `usage`. */
function chosenProfiles(
  { profiles, pools, workers, path }: LoadedConfig,
  args: Pick<WorkerArguments, 'profile' | 'pool'>,
): { readonly profiles: ReadonlyMap<string, HarnessProfile>; readonly pool?: string } {
  if (args.profile !== undefined && args.pool !== undefined) {
    throw new WaggleError('usage', { message: 'a worker runs one profile or a pool of them: got both' });
  }
  const pool = args.profile === undefined ? (args.pool ?? workers.pool) : undefined;
  if (pool !== undefined) {
    const members = pools.get(pool)?.profiles;
    if (members === undefined) throw unknown('pool', pool, [...pools.keys()], path);
    const found = members.flatMap((name) => {
      const profile = profiles.get(name);
      return profile === undefined ? [] : [[name, profile] as const];
    });
    return { profiles: new Map(found), pool };
  }
  const name = args.profile ?? workers.profile;
  const profile = name === undefined ? undefined : profiles.get(name);
  if (name === undefined || profile === undefined) throw unknown('profile', name, [...profiles.keys()], path);
  return { profiles: new Map([[name, profile]]) };
}

function unknown(
  what: string,
  name: string | undefined,
  known: readonly string[],
  path: string,
): WaggleError {
  const message = `${what} ${name ?? '(none)'} is not in ${path}; known: ${known.join(', ') || 'none'}`;
  return new WaggleError('usage', { message });
}

/** Accounts in the home of whoever runs this worker. Errors: `usage` when that is not known. */
function atHome(
  profiles: ReadonlyMap<string, HarnessProfile>,
  home: string | undefined,
): ReadonlyMap<string, HarnessProfile> {
  const expanded = [...profiles].map(([name, profile]) => {
    const { account } = profile;
    if (account === undefined) return [name, profile] as const;
    const whole = expandHome(account, home);
    if (whole !== undefined) return [name, { ...profile, account: whole }] as const;
    const message = `profile ${name}: account ${account} is in a home, and HOME is not set`;
    throw new WaggleError('usage', { message });
  });
  return new Map(expanded);
}
