/**
 * The mail desk over the bus, with a connection of its own that ends with the desk.
 */

import { realpath } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import type { Log } from '../../../shared/log.ts';
import { createBusDesk } from '../../../shared/mail/bus-desk.ts';
import { randomId } from '../../../shared/random.ts';
import { connectAs, openBusContext } from '../../../shared/service/context.ts';
import { remarkAway } from './away-remark.ts';
import type { FmailSession } from './command-row.ts';
import { mailPlace } from './mail-place.ts';
import type { OpenDesk } from './open-desk.ts';

/** Errors: `bus-unknown`, `usage`, `config-invalid`, `project-mismatch`, the port's. */
export async function openBusDesk(session: FmailSession): Promise<OpenDesk> {
  const { nameless, signal, stderr } = session;
  const { folder, variables } = await mailPlace(session);
  const context = await openBusContext({ folder, variables });
  const { project, root, clock } = context;
  const agent = context.environment.agent ?? nameless;
  const host = hostname();
  const identity = await identityOf(variables['FMAIL_SESSION']?.trim(), host, root);
  const swarm = await connectAs({ ...context, log: noLog }, 'agent', agent, { signal });
  if (context.bus.project !== undefined && context.bus.project !== project) {
    const { refuseElsewhere } = await import('../../../shared/service/project-elsewhere.ts');
    await refuseElsewhere(context, swarm, agent).catch(async (error: unknown) => {
      await swarm.close();
      throw error;
    });
  }
  const endRemarks = remarkAway(swarm, stderr, clock);
  const desk = createBusDesk({ swarm, project, agent, clock, randomId, identity, host });
  return {
    ...desk,
    async explain(error) {
      const { explained } = await import('../../../shared/service/project-elsewhere.ts');
      return explained(error, context, swarm, agent);
    },
    async close() {
      endRemarks();
      await desk.close();
      await swarm.close();
    },
  };
}

/** A command's answer is its output; the log, whose library takes long to load, is for services. */
const noLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => noLog };

/** Whose a registered name is: a session's where one is told, else this user's work in this folder. */
async function identityOf(session: string | undefined, host: string, root: string): Promise<string> {
  if (session !== undefined && session !== '') return session;
  return `${host}:${userName()}:${await realpath(root)}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An id without a name, as in containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
