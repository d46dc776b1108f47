/**
 * `waggle mcp` as a process: standard input and output belong to the protocol, remarks go to standard error. It ends
 * when its client closes standard input, or by a signal; what is being answered when the input ends is answered first.
 */
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { connectSocketTasks } from '../../../shared/agent/task-socket.ts';
import { systemClock } from '../../../shared/clock.ts';
import { type Environment, readEnvironment } from '../../../shared/config/environment.ts';
import { createLog } from '../../../shared/log.ts';
import { connectSocketDesk } from '../../../shared/mail/socket-desk.ts';
import { randomId } from '../../../shared/random.ts';
import type { Sink } from '../output.ts';
import type { Session } from '../session.ts';
import { type DeskOpeners, Desks } from './desks.ts';
import { createToolCalls } from './tool-calls.ts';
import { createToolServer } from './tool-server.ts';
import { UrgentMail } from './urgent-mail.ts';

/** How long answers may take once the client sends nothing more. */
const LAST_ANSWERS_MS = 5_000;

/** Resolves when the client is gone. Errors: `usage` for variables that mean nothing. */
export async function serveStdio(session: Session): Promise<void> {
  const environment = readEnvironment(session.variables);
  const { agent, openers } = placeOf(session, environment);
  const log = createLog('mcp', environment.logLevel);
  const desks = new Desks(openers);
  const urgent = new UrgentMail({ desks, clock: systemClock, log });
  const { server, idle } = createToolServer({
    hasRun: desks.hasRun,
    calls: createToolCalls({ desks, randomId, log, onSeen: (ids, isAll) => urgent.seen(ids, isAll) }),
    log,
    notice: () => urgent.line(),
    onAnswered: () => urgent.begin(),
    ...(agent === undefined ? {} : { agent }),
  });
  const closed = new Promise<void>((done) => {
    server.server.onclose = done;
  });
  const leave = (): void => void server.close();
  const finish = async (): Promise<void> => {
    const enough = new AbortController();
    const tooLong = systemClock.sleep(LAST_ANSWERS_MS, enough.signal).catch(() => undefined);
    await Promise.race([nextTurn().then(idle), tooLong]);
    enough.abort();
    leave();
  };
  session.signal.addEventListener('abort', leave, { once: true });
  session.stdin.once('end', () => void finish());
  try {
    await server.connect(new StdioServerTransport(session.stdin, writableOf(session.stdout)));
    if (session.signal.aborted) leave();
    await closed;
  } finally {
    session.signal.removeEventListener('abort', leave);
    await urgent.stop();
    await desks.close();
  }
}

/** What has come on standard input reaches its handler within the turn. */
const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Who this is, as far as it is known before anything is connected, and its ways to mail and task. */
function placeOf(
  session: Session,
  { socket, project, agent }: Environment,
): { readonly agent?: string; readonly openers: DeskOpeners } {
  if (socket === undefined) {
    const name = agent ?? `anon-${randomId(6)}`;
    const mail = async () => {
      // A run's server has no use for the bus's client.
      const { openBusDesk } = await import('../fmail/bus-way.ts');
      return openBusDesk({ ...session, nameless: name });
    };
    return { agent: name, openers: { mail } };
  }
  const place = {
    path: resolve(session.folder, socket),
    ...(project === undefined ? {} : { project }),
    ...(agent === undefined ? {} : { agent }),
  };
  const openers = { mail: () => connectSocketDesk(place), tasks: () => connectSocketTasks(place) };
  return agent === undefined ? { openers } : { agent, openers };
}

/** The protocol's writer wants a stream. */
function writableOf(sink: Sink): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      sink.write(String(chunk));
      done();
    },
  });
}
