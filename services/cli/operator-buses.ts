/**
 * Both accounts of a project with the rights of its services, for the few commands that touch the streams themselves.
 */
import type { Buses } from '../../shared/backup/places.ts';
import { silentLog } from '../../shared/log.ts';
import { connectAs, openContext, type ServiceContext } from '../../shared/service/context.ts';
import { explained, refuseElsewhere } from '../../shared/service/project-elsewhere.ts';
import type { Session } from './session.ts';

export interface OperatorLink extends Buses {
  readonly context: ServiceContext;
  /** Who gave the command. */
  readonly agent: string;
}

/** Connects, lets `use` work, and disconnects whatever happens. */
export async function withBuses<T>(session: Session, use: (link: OperatorLink) => Promise<T>): Promise<T> {
  const { folder, variables } = session;
  const context = { ...(await openContext({ folder, variables, service: 'cli' })), log: silentLog };
  const agent = context.environment.agent ?? 'operator';
  const core = await connectAs(context, 'core', agent);
  try {
    const swarm = await connectAs(context, 'swarm', agent);
    try {
      await refuseElsewhere(context, swarm, agent);
      return await use({ context, agent, core, swarm });
    } catch (error) {
      throw await explained(error, context, swarm, agent);
    } finally {
      await swarm.close();
    }
  } finally {
    await core.close();
  }
}
