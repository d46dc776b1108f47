/**
 * The embedded server: one nats-server as a child, kept alive.
 *
 * 1. Never two servers on one store: a lock keeps a second supervisor out, and a server left behind by a killed
 *    one is ended before ours starts.
 * 2. Port and passwords stay the same over restarts and later starts; only when the port is taken at a start is
 *    another chosen. A restart after a death waits for the old port: clients know no other.
 * 3. The server has its own process group: Ctrl-C on the terminal doesn't reach it before the services drained.
 * 4. Until `stop`, a server that died is started again, for ever, with backoff; so is one whose disk was full, as soon as
 *    there is room.
 */
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { writePrivateFile } from '../../shared/config/whole-file.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock, type StateLock } from '../../shared/process/state-lock.ts';
import { type RandomId, randomId } from '../../shared/random.ts';
import type { NatsBinary } from './binary.ts';
import { embeddedDurability, type NatsPasswords, renderNatsConfig } from './config.ts';
import { newPasswords, pickPort, readEmbeddedState, writeEmbeddedState } from './embedded-state.ts';
import { roomUnder, watchStore } from './full-store.ts';
import { keepAlive, type Restart } from './keep-alive.ts';
import { launchNats, type NatsProcess } from './launch.ts';
import { endLeftovers } from './leftover.ts';
import { formatNatsVersion } from './version.ts';

export interface EmbeddedOptions {
  readonly binary: NatsBinary;
  /** Holds everything of the server (`.waggle/nats`); made when missing, mode 0700. */
  readonly dir: string;
  /** Preferred over the kept port, if it is free. */
  readonly port?: number;
  readonly log: Log;
  /** Called after each start that followed a death. Must not throw. */
  readonly onRestart?: (restart: Restart) => void;
  /** Gives up the start; later it means nothing. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: RandomId;
}

export interface EmbeddedServer {
  readonly url: string;
  readonly port: number;
  readonly passwords: NatsPasswords;
  /** `2.10.27`. */
  readonly version: string;
  readonly durability: 'kill-safe' | 'power-loss-safe';
  readonly logFile: string;
  /** Of the process that runs now; the last one's while a restart is under way. */
  readonly pid: number;
  readonly restarts: number;
  /** Ends the server (SIGTERM; SIGKILL after 10 s) and lets go of the folder. A second call waits for the first. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Starts the server and resolves once it answers.
 * Errors: `nats-failed`; `state-locked` or `state-foreign` when another supervisor serves this folder.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  const lock = await acquireStateLock(dir, { randomId: options.random ?? randomId });
  try {
    return await startLocked(options, dir, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startLocked(options: EmbeddedOptions, dir: string, lock: StateLock): Promise<EmbeddedServer> {
  const { binary, log } = options;
  const clock = options.clock ?? systemClock;
  const configFile = join(dir, 'nats.conf');
  const stateFile = join(dir, 'server.json');
  const logFile = join(dir, 'nats.log');
  const portsDir = join(dir, 'ports');

  const ended = await endLeftovers(configFile, clock, options.signal);
  if (ended.length > 0)
    log.warn({ pids: ended }, 'ended a nats-server that a killed predecessor left behind');
  const state = await readEmbeddedState(stateFile);
  const passwords = state?.passwords ?? newPasswords(options.random ?? randomId);

  const launch = async (port: number, signal?: AbortSignal): Promise<NatsProcess> => {
    await rm(portsDir, { recursive: true, force: true });
    await mkdir(portsDir, { mode: 0o700 });
    await writePrivateFile(
      configFile,
      renderNatsConfig({
        serverName: 'waggle',
        host: HOST,
        port,
        storeDir: join(dir, 'store'),
        portsDir,
        pidFile: join(dir, 'nats.pid'),
        version: binary.version,
        passwords,
      }),
    );
    // The log of the process before is what explains a death.
    await rename(logFile, `${logFile}.1`).catch(() => undefined);
    const base = { binary: binary.path, configFile, portsDir, logFile, detached: true };
    return await launchNats(signal === undefined ? base : { ...base, signal });
  };

  const first = await launch(await pickPort(HOST, options.port ?? state?.port, dir), options.signal);
  const { port } = first;
  try {
    await writeEmbeddedState(stateFile, { v: 1, port, passwords });
  } catch (error) {
    first.kill('SIGKILL');
    await first.exited;
    throw error;
  }
  const kept = keepAlive({
    first,
    launch: (stopping) => launch(port, stopping),
    clock,
    restarted: (restart) => {
      log.warn({ ...restart, port }, 'nats-server died and was started again');
      options.onRestart?.(restart);
    },
    failed: (err) => log.error({ err, port }, 'nats-server died and could not be started again yet'),
  });
  const over = new AbortController();
  const watching = watchStore(
    { room: () => roomUnder(dir), clock, log, onRoom: () => kept.renew() },
    over.signal,
  );
  let stopped: Promise<void> | undefined;
  return {
    url: `nats://${HOST}:${port}`,
    port,
    passwords,
    version: formatNatsVersion(binary.version),
    durability: embeddedDurability(binary.version),
    logFile,
    get pid() {
      return kept.pid;
    },
    get restarts() {
      return kept.restarts;
    },
    stop: async () => {
      over.abort();
      stopped ??= kept
        .stop()
        .finally(() => watching)
        .finally(() => lock.release());
      await stopped;
    },
  };
}
