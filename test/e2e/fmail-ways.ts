/**
 * The ways that `fmail` goes: over the bus, and over the socket that an agent got from its worker. Both in this process
 * and against one hive, so that a test can compare what they print byte for byte.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runFmail } from '../../services/cli/fmail/program.ts';
import type { Session } from '../../services/cli/session.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import { randomId } from '../../shared/random.ts';
import { listenAtPath } from '../../shared/socket/listen.ts';
import { oneSeat } from '../../shared/socket/seats.ts';
import { type SocketServer, serveSocket } from '../../shared/socket/server.ts';
import type { Said } from '../support/command-line.ts';
import { project, type TestHive } from '../support/orchestrator.ts';

export interface FmailOptions {
  /** Default: nobody's name. */
  readonly agent?: string;
  readonly input?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with all of standard output, each time something comes. */
  readonly onOutput?: (all: string) => void;
}

export interface Way {
  readonly name: 'bus' | 'socket';
  /** The environment of that agent's commands. */
  variables(agent?: string): Promise<Readonly<Record<string, string>>>;
  /** Runs in this process. */
  fmail(args: readonly string[], options?: FmailOptions): Promise<Said>;
}

export interface Ways {
  /** Where the commands run: an empty folder. */
  readonly folder: string;
  readonly bus: Way;
  readonly socket: Way;
  /** One more socket of that agent, at that path. */
  serve(agent: string, path: string): Promise<void>;
  close(): Promise<void>;
}

export function waysTo(hive: TestHive): Ways {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fmail-')));
  const { user, password } = hive.server.workerSwarm;
  const url = `nats://${user}:${password}@127.0.0.1:${hive.server.port}`;
  const served = new Map<string, Promise<{ path: string; close(): Promise<void> }>>();

  /** As a worker of that name does for its run. */
  const serve = async (agent: string, path: string) => {
    const swarm = await hive.connect(agent);
    const identity = `state:${folder}/${agent}`;
    const mail = createBusDesk({
      swarm,
      project,
      agent,
      clock: systemClock,
      randomId,
      identity,
      host: hostname(),
    });
    const server: SocketServer = serveSocket({
      project,
      seats: oneSeat({ mail }),
      clock: systemClock,
      randomId,
      log: silentLog,
      listeners: [{ listener: await listenAtPath(path), needsProject: false }],
    });
    return {
      path,
      async close() {
        await server.close();
        await mail.close();
        await swarm.close();
      },
    };
  };
  const socketOf = (agent: string) => {
    const known = served.get(agent) ?? serve(agent, join(folder, `${agent}.sock`));
    served.set(agent, known);
    return known;
  };

  const wayOf = (name: Way['name'], place: (agent?: string) => Promise<Record<string, string>>): Way => {
    const variables: Way['variables'] = async (agent) => ({
      ...(await place(agent)),
      ...(agent === undefined ? {} : { FMAIL_AGENT: agent }),
    });
    return {
      name,
      variables,
      fmail: async (args, options = {}) => invoke(folder, args, options, await variables(options.agent)),
    };
  };
  const bus = wayOf('bus', async () => ({ WAGGLE_NATS_URL: url, WAGGLE_PROJECT: project }));
  const socket = wayOf('socket', async (agent) => ({
    WAGGLE_SOCKET: (await socketOf(agent ?? 'nobody')).path,
    WAGGLE_PROJECT: project,
  }));
  return {
    folder,
    bus,
    socket,
    async serve(agent, path) {
      const more = serve(agent, path);
      served.set(path, more);
      await more;
    },
    async close() {
      await Promise.all([...served.values()].map(async (one) => (await one).close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs `fmail` in this process, in that folder and environment. */
export async function invoke(
  folder: string,
  args: readonly string[],
  { input, variables, signal, onOutput }: FmailOptions,
  place: Readonly<Record<string, string>>,
): Promise<Said> {
  let [stdout, stderr] = ['', ''];
  const session: Session = {
    folder,
    variables: { PATH: process.env['PATH'], ...place, ...variables },
    stdin: Readable.from(input === undefined ? [] : [input]) as unknown as NodeJS.ReadStream,
    stdout: {
      write: (text) => {
        stdout += text;
        onOutput?.(stdout);
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    signal: signal ?? new AbortController().signal,
  };
  const code = await runFmail(args, session, 'anon-1');
  return { code, stdout, stderr };
}
