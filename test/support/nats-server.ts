/**
 * A private, real nats-server for a test: JetStream in a temporary folder, a free loopback port, the two
 * accounts of an embedded bus. Ready in some 20 ms.
 *
 * `leak-check.ts` sees to it that no server outlives its test file.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findNatsServer, type NatsBinary } from '../../infra/nats/binary.ts';
import { type NatsPasswords, renderNatsConfig } from '../../infra/nats/config.ts';
import { launchNats, type NatsProcess } from '../../infra/nats/launch.ts';
import type { NatsVersion } from '../../infra/nats/version.ts';
import { registerServer } from './running-servers.ts';

/** Where and as whom to connect to one account. */
export interface Login {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

export interface TestNatsServer {
  readonly urls: readonly string[];
  readonly port: number;
  /** Account CORE, all rights. */
  readonly core: Login;
  /** Account SWARM, all rights. */
  readonly swarm: Login;
  /** Account SWARM without `$JS.API`: what workers, committers and operators have. */
  readonly workerSwarm: Login;
  /** The system account. */
  readonly sys: Login;
  readonly version: NatsVersion;
  readonly storeDir: string;
  readonly logFile: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Ends it (SIGTERM) and removes everything; also after `kill`. */
  stop(): Promise<void>;
  /** SIGKILL; the store stays. */
  kill(): Promise<void>;
  /** Same port, same store; after `kill`, or by SIGTERM first when it still runs. */
  restart(): Promise<void>;
}

export interface TestNatsOptions {
  /** Changes the text of the configuration before each start. */
  readonly configure?: (config: string) => string;
  /** fsync before each PubAck. Default: false, a killed server loses nothing without it. */
  readonly syncAlways?: boolean;
  readonly maxPayloadBytes?: number;
  /** Default: `NATS_SERVER`, or what this machine has. */
  readonly binary?: NatsBinary;
}

const PASSWORDS: NatsPasswords = {
  core: 'core-pw',
  services: 'services-pw',
  agent: 'agent-pw',
  sys: 'sys-pw',
};

let found: Promise<NatsBinary> | undefined;

/** The server binary the tests use. Throws when this machine has none. */
export async function testBinary(): Promise<NatsBinary> {
  found ??= findNatsServer({ env: process.env }).then((binary) => {
    if (binary === undefined)
      throw new Error('no nats-server was found: `npm test` installs one, or set NATS_SERVER');
    return binary;
  });
  return await found;
}

/** Starts a private server. The caller stops it. */
export async function startNatsServer(options: TestNatsOptions = {}): Promise<TestNatsServer> {
  const binary = options.binary ?? (await testBinary());
  const folder = await mkdtemp(join(tmpdir(), 'waggle-nats-'));
  const configFile = join(folder, 'nats.conf');
  const storeDir = join(folder, 'store');
  const logFile = join(folder, 'nats.log');

  const start = async (port: number): Promise<NatsProcess> => {
    const text = renderNatsConfig({
      serverName: 'waggle-test',
      host: '127.0.0.1',
      port,
      storeDir,
      portsDir: folder,
      version: binary.version,
      passwords: PASSWORDS,
      syncAlways: options.syncAlways ?? false,
      ...(options.maxPayloadBytes === undefined ? {} : { maxPayloadBytes: options.maxPayloadBytes }),
    });
    await writeFile(configFile, options.configure?.(text) ?? text, { mode: 0o600 });
    const server = await launchNats({
      binary: binary.path,
      configFile,
      portsDir: folder,
      logFile,
      detached: false,
    });
    registerServer(server);
    return server;
  };
  /** Meanwhile a connection of somebody else may have got the port for its own end. */
  const startAgain = async (port: number): Promise<NatsProcess> => {
    const until = performance.now() + 10_000;
    for (;;) {
      try {
        return await start(port);
      } catch (error) {
        if (!/address already in use/.test(String(error)) || performance.now() > until) throw error;
        await sleep(100);
      }
    }
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    server.kill(signal);
    // A server under SIGSTOP takes no SIGTERM.
    if (signal === 'SIGTERM') server.kill('SIGCONT');
    await server.exited;
  };

  let server = await start(-1).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const { port } = server;
  const url = `nats://127.0.0.1:${port}`;
  const login = (user: keyof NatsPasswords): Login => ({ url, user, password: PASSWORDS[user] });
  return {
    urls: [url],
    port,
    core: login('core'),
    swarm: login('services'),
    workerSwarm: login('agent'),
    sys: login('sys'),
    version: binary.version,
    storeDir,
    logFile,
    get pid() {
      return server.pid;
    },
    stop: async () => {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      server = await startAgain(port);
    },
  };
}
