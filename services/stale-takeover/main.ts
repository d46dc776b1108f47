/**
 * Entry of the stale-takeover service: connects in both accounts under one name and runs until the signal aborts.
 */
import { join } from 'node:path';
import { randomId } from '../../shared/random.ts';
import { connectAs, type ServiceContext } from '../../shared/service/context.ts';
import { VERSION } from '../../shared/version.ts';
import { runStaleTakeover } from './stale-takeover.ts';

export interface StaleTakeoverArguments {
  readonly name: string;
  /** Default: `.waggle/agents/<name>`. */
  readonly stateDir?: string;
}

export async function staleTakeoverMain(
  context: ServiceContext,
  args: StaleTakeoverArguments,
  signal: AbortSignal,
): Promise<void> {
  const { project, clock, log, stateRoot } = context;
  const waiting = { waitForServer: true, signal };
  const core = await connectAs(context, 'core', args.name, waiting);
  try {
    const swarm = await connectAs(context, 'swarm', args.name, waiting);
    try {
      await runStaleTakeover(
        {
          core,
          swarm,
          project,
          agent: args.name,
          stateDir: args.stateDir ?? join(stateRoot, 'agents', args.name),
          pid: process.pid,
          version: VERSION,
          clock,
          randomId,
          log,
        },
        signal,
      );
    } finally {
      await swarm.close();
    }
  } finally {
    await core.close();
  }
}
