/**
 * Entry of the orchestrator service: connects in both accounts and runs, leading or standing by, until the signal
 * aborts.
 */
import { hostname } from 'node:os';
import { defaultLimits } from '../../shared/bus/topology.ts';
import { randomId } from '../../shared/random.ts';
import { connectAs, type ServiceContext } from '../../shared/service/context.ts';
import { type OrchestratorOptions, runOrchestrator } from './orchestrator.ts';

export async function orchestratorMain(
  context: ServiceContext,
  options: Pick<OrchestratorOptions, 'onLeading' | 'acceptJournalLoss'>,
  signal: AbortSignal,
): Promise<void> {
  const { project, clock, log, config } = context;
  const waiting = { waitForServer: true, signal };
  const core = await connectAs(context, 'core', 'orchestrator', waiting);
  const swarm = await connectAs(context, 'swarm', 'orchestrator', waiting);
  const identity = `${hostname().replace(/[^A-Za-z0-9-]/g, '-')}-${process.pid}-${randomId(6)}`;
  try {
    await runOrchestrator(
      {
        core,
        swarm,
        project,
        identity,
        clock,
        randomId,
        log,
        limits: { ...defaultLimits, ...config?.bus },
        ...options,
      },
      signal,
    );
  } finally {
    await Promise.all([core.close(), swarm.close()]);
  }
}
