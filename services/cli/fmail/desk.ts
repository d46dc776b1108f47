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
    const bridge = isWaggleError(error, 'bus-unknown') ? await findBridge(session) : undefined;
    if (bridge === undefined) throw error;
    const { projectOfFolder } = await import('../../../shared/service/project-names.ts');
    return overSocket(session, bridge, await projectOfFolder(session.folder, session.variables));
  }
}

async function overSocket(session: FmailSession, path: string, known?: string): Promise<OpenDesk> {
  const { connectSocketDesk } = await import('../../../shared/mail/socket-desk.ts');
  const named = (...names: readonly string[]): string | undefined =>
    names.map((name) => session.variables[name]?.trim().toLowerCase() ?? '').find((value) => value !== '');
  // The run's own name of the project is in both: whoever set this one means it, and is told when it is another's.
  const project = known ?? named('FMAIL_PROJECT', 'WAGGLE_PROJECT');
  const agent = named('FMAIL_AGENT');
  return connectSocketDesk({
    path,
    ...(project === undefined ? {} : { project }),
    ...(agent === undefined ? {} : { agent }),
    onNotice: (line) => session.stderr.write(`${line}\n`),
  });
}

async function overBus(session: FmailSession): Promise<OpenDesk> {
  const { openBusDesk } = await import('./bus-way.ts');
  return openBusDesk(session);
}

/** `.fmail/forged.sock` in FMAIL_ROOT, else from the folder upward, else in the main working tree of its repository. */
async function findBridge({ folder, variables }: FmailSession): Promise<string | undefined> {
  const root = variables['FMAIL_ROOT']?.trim() ?? '';
  if (root !== '') return bridgeIn(resolve(folder, root));
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = bridgeIn(at);
    if (path !== undefined) return path;
    if (at === dirname(at)) break;
  }
  const { findMailRoot } = await import('../../../shared/config/mail-root.ts');
  return bridgeIn((await findMailRoot(folder)).folder);
}

function bridgeIn(root: string): string | undefined {
  const path = join(root, '.fmail', 'forged.sock');
  return existsSync(path) ? path : undefined;
}
