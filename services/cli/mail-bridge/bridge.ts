/**
 * The standing bridge: the seed's mail protocol for its own program in connected mode, at `.fmail/forged.sock` of the
 * project and on the loopback. It serves mail for whoever names itself; tasks it does not.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { findMailRoot, readMailProject, writeMailProject } from '../../../shared/config/mail-root.ts';
import { twoProjects } from '../../../shared/config/project-choice.ts';
import { messageOf, WaggleError } from '../../../shared/errors.ts';
import { createBusDesk } from '../../../shared/mail/bus-desk.ts';
import type { MailDesk } from '../../../shared/mail/desk.ts';
import { randomId } from '../../../shared/random.ts';
import { connectAs, type ServiceContext } from '../../../shared/service/context.ts';
import {
  type Listener,
  listenAtPath,
  listenAtPort,
  SOCKET_PATH_BYTES,
} from '../../../shared/socket/listen.ts';
import { serveSocket } from '../../../shared/socket/server.ts';
import { untilAborted } from '../../../shared/until-aborted.ts';
import { excludeMail } from '../up/exclude.ts';
import { BridgeSeats } from './seats.ts';
import { clearDeadSocket } from './socket-file.ts';

export interface BridgeOptions {
  /** Where the command was given. */
  readonly folder: string;
  /** Default: `.fmail/forged.sock` of the mail root. */
  readonly socket?: string;
  /** Absent: no TCP. */
  readonly tcp?: { readonly host: string; readonly port: number };
  /** Called when it serves. */
  readonly onServing?: (places: readonly string[]) => void;
}

/** Serves until the signal aborts. Errors: `not-ready`, `project-mismatch`. */
export async function runBridge(
  context: ServiceContext,
  options: BridgeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { project, clock, log, environment } = context;
  const root = (await findMailRoot(options.folder, environment.mailRoot)).folder;
  await nameProject(context, root);
  // Agents commit all that lies in the tree; a bridge that cannot prevent it is still one.
  await excludeMail(root).catch((error: unknown) => {
    log.warn({ root, reason: messageOf(error) }, '.fmail/ is not kept out of commits');
  });
  const identity = await identityOf(context);
  const seats = new BridgeSeats({ open: (agent) => openDesk(context, agent, identity), clock, log });
  const listeners: { listener: Listener; needsProject: boolean }[] = [];
  const places: string[] = [];
  try {
    const path = options.socket ?? join(root, '.fmail', 'forged.sock');
    const isTooLong = Buffer.byteLength(path) > SOCKET_PATH_BYTES;
    if (isTooLong && options.socket === undefined && options.tcp !== undefined) {
      log.warn({ path }, 'the path is too long for a socket: the bridge serves TCP alone');
    } else {
      await mkdir(dirname(path), { recursive: true });
      await clearDeadSocket(path);
      listeners.push({ listener: await listenAtPath(path), needsProject: false });
      places.push(path);
    }
    if (options.tcp !== undefined) {
      const { host, port } = options.tcp;
      listeners.push({ listener: await listenAtPort(host, port), needsProject: true });
      places.push(`${host}:${port}`);
    }
  } catch (error) {
    await Promise.all(listeners.map(({ listener }) => listener.close()));
    await seats.close();
    throw error;
  }
  const server = serveSocket({ project, seats, clock, randomId, log, listeners });
  log.info({ project, places }, 'the mail bridge serves');
  options.onServing?.(places);
  await untilAborted(signal);
  await server.close();
  await seats.close();
}

/** The seed's program names its project by this file, else by a name of its own making that nobody here knows. */
async function nameProject({ project, named, clock }: ServiceContext, root: string): Promise<void> {
  const known = await readMailProject(root);
  if (known !== undefined && known.id !== project) {
    const file = { name: known.id, source: 'mail-file', from: known.path } as const;
    throw twoProjects(named, file, `\`fmail init --project ${project}\` keeps ${project}`);
  }
  try {
    await writeMailProject(root, project, clock.now());
  } catch (error) {
    const cause = `its project file cannot be written (${messageOf(error)})`;
    throw new WaggleError('not-ready', { what: `the mail bridge at ${root}`, cause }, { cause: error });
  }
}

async function openDesk(context: ServiceContext, agent: string, identity: string): Promise<MailDesk> {
  const { project, clock } = context;
  const swarm = await connectAs(context, 'agent', agent);
  const desk = createBusDesk({ swarm, project, agent, clock, randomId, identity, host: hostname() });
  return {
    ...desk,
    async close() {
      await desk.close();
      await swarm.close();
    },
  };
}

/** As that of mail over the bus in the same folder: a name may be used by both ways in turn. */
async function identityOf({ root }: ServiceContext): Promise<string> {
  return `${hostname()}:${userName()}:${await realpath(root)}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An id without a name, as in containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
