/**
 * Entry of the committer service: serves the project's lanes under one name, until the signal aborts.
 */
import { join } from 'node:path';
import { randomId } from '../../shared/random.ts';
import { connectAs, type ServiceContext } from '../../shared/service/context.ts';
import { VERSION } from '../../shared/version.ts';
import { runCommitter } from './committer.ts';

export interface CommitterArguments {
  readonly name: string;
  readonly lanes?: readonly string[];
  readonly stateDir?: string;
  readonly drainMs?: number;
}

const DRAIN_MS = 30_000;

export async function committerMain(
  context: ServiceContext,
  args: CommitterArguments,
  signal: AbortSignal,
): Promise<void> {
  const { project, clock, log, variables, stateRoot } = context;
  const swarm = await connectAs(context, 'agent', args.name, { waitForServer: true, signal });
  try {
    await runCommitter(
      {
        swarm,
        project,
        agent: args.name,
        stateDir: args.stateDir ?? join(stateRoot, 'agents', args.name),
        ...(args.lanes === undefined ? {} : { lanes: args.lanes }),
        environment: variables,
        os: process.platform === 'darwin' ? 'darwin' : 'linux',
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
