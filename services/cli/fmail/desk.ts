/**
 * The mail desk of one invocation: over the socket that a worker gave (WAGGLE_SOCKET), else over the bus. Each way's
 * code is loaded only when it is gone, because most of what a command costs is loading code.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isWaggleError } from '../../../shared/errors.ts';
import type { MailDesk } from '../../../shared/mail/desk.ts';
import type { FmailSession } from './command-row.ts';
import type { OpenDesk } from './open-desk.ts';

/** Connects, lets `use` work, and disconnects whatever happens. */
export async function withDesk<T>(session: FmailSession, use: (desk: MailDesk) => Promise<T>): Promise<T> {
  const desk = await openDesk(session);
  try {
    return await use(desk);
  } catch (error) {
    throw desk.explain === undefined ? error : await desk.explain(error);
  } finally {
    await desk.close();
  }
}

async function openDesk(session: FmailSession): Promise<OpenDesk> {
  const given = session.variables['WAGGLE_SOCKET']?.trim() ?? '';
  if (given !== '') return overSocket(session, resolve(session.folder, given));
  try {
    return await overBus(session);
  } catch (error) {
    // Where only a bridge is known, that is the way.
    const bridge = isWaggleError(error, 'bus-unknown') ? findBridge(session) : undefined;
    if (bridge === undefined) throw error;
    const { projectOfFolder } = await import('../../../shared/service/project-names.ts');
    return overSocket(session, bridge, await projectOfFolder(session.folder, session.variables));
  }
}

async function overSocket({ variables }: FmailSession, path: string, known?: string): Promise<OpenDesk> {
  const { connectSocketDesk } = await import('../../../shared/mail/socket-desk.ts');
  const named = (...names: readonly string[]): string | undefined =>
    names.map((name) => variables[name]?.trim().toLowerCase() ?? '').find((value) => value !== '');
  // The run's own name of the project is in both: whoever set this one means it, and is told when it is another's.
  const project = known ?? named('FMAIL_PROJECT', 'WAGGLE_PROJECT');
  const agent = named('FMAIL_AGENT');
  return connectSocketDesk({
    path,
    ...(project === undefined ? {} : { project }),
    ...(agent === undefined ? {} : { agent }),
  });
}

async function overBus(session: FmailSession): Promise<OpenDesk> {
  const { openBusDesk } = await import('./bus-way.ts');
  return openBusDesk(session);
}

/** `.fmail/forged.sock`, from the folder upward. */
function findBridge({ folder, variables }: FmailSession): string | undefined {
  const root = variables['FMAIL_ROOT']?.trim() ?? '';
  for (let at = resolve(folder, root); ; at = dirname(at)) {
    const path = join(at, '.fmail', 'forged.sock');
    if (existsSync(path)) return path;
    if (root !== '' || at === dirname(at)) return undefined;
  }
}
