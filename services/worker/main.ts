/**
 * Entry of the worker service: one harness of one profile, under one name, until the signal aborts.
 */
import { join } from 'node:path';
import { WaggleError } from '../../shared/errors.ts';
import { randomId } from '../../shared/random.ts';
import { configOf, connectAs, type ServiceContext } from '../../shared/service/context.ts';
import { VERSION } from '../../shared/version.ts';
import { runWorker } from './worker.ts';

export interface WorkerArguments {
  readonly name: string;
  /** Default: the configuration's `workers.profile`. */
  readonly profile?: string;
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
  const name = args.profile ?? config.workers.profile;
  const profile = name === undefined ? undefined : config.profiles.get(name);
  if (name === undefined || profile === undefined) {
    const known = [...config.profiles.keys()].join(', ') || 'none';
    const message = `profile ${name ?? '(none)'} is not in ${config.path}; known: ${known}`;
    throw new WaggleError('usage', { message });
  }
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
        profile,
        checkpointMs: config.workers.checkpointMs,
        ...(args.idleWaitMs === undefined ? {} : { idleWaitMs: args.idleWaitMs }),
        capabilities: {
          profile: name,
          harness: profile.harness,
          os: process.platform === 'darwin' ? 'darwin' : 'linux',
          labels: [...labels],
        },
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
