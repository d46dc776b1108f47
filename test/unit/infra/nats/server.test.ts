import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { embeddedDurability } from '../../../../infra/nats/config.ts';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '../../../../infra/nats/server.ts';
import { formatNatsVersion } from '../../../../infra/nats/version.ts';
import { silentLog } from '../../../../shared/log.ts';
import { processIdentity } from '../../../../shared/process/identity.ts';
import { processTable } from '../../../../shared/process/process-table.ts';
import { testBinary } from '../../../support/nats-server.ts';

const HOLDER = fileURLToPath(new URL('./embedded-holder.ts', import.meta.url));

let root: string;
let dir: string;
let started: EmbeddedServer[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waggle-embedded-'));
  dir = join(root, '.waggle', 'nats');
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((server) => server.stop()));
  const left = await running();
  await rm(root, { recursive: true, force: true });
  expect(left, 'servers left on the store').toEqual([]);
});

const running = () => processTable.withArguments(['-c', join(dir, 'nats.conf')]);

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const server = await startEmbedded({ binary: await testBinary(), dir, log: silentLog, ...options });
  started.push(server);
  return server;
}

async function withCore<T>(
  server: EmbeddedServer,
  act: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: server.url, user: 'core', pass: server.passwords.core });
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}

const store = (server: EmbeddedServer) =>
  withCore(server, async (connection) => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await connection.request('kept', 'one');
  });

const stored = (server: EmbeddedServer) =>
  withCore(
    server,
    async (connection) => (await (await jetstreamManager(connection)).streams.info('KEPT')).state.messages,
  );

describe('the embedded server', () => {
  test('answers, says what it is and keeps its secrets from others', async () => {
    const server = await start();
    const { version } = await testBinary();
    expect(server).toMatchObject({
      url: `nats://127.0.0.1:${server.port}`,
      version: formatNatsVersion(version),
      durability: embeddedDurability(version),
    });
    await withCore(server, async (connection) => {
      expect(connection.info?.version).toBe(server.version);
    });
    for (const file of ['nats.conf', 'server.json', 'nats.log']) {
      expect((await stat(join(dir, file))).mode & 0o777, file).toBe(0o600);
    }
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  test('runs in a process group of its own, out of reach of Ctrl-C', async () => {
    const server = await start();
    expect(() => process.kill(-server.pid, 0)).not.toThrow();
  });

  test('is started again after a kill, on the same port, with what it had stored', async () => {
    const onRestart = vi.fn();
    const server = await start({ onRestart });
    await store(server);
    const { pid, port } = server;
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => onRestart.mock.calls.length > 0, { timeout: 10_000, interval: 5 });
    expect(onRestart).toHaveBeenCalledWith({
      pid: server.pid,
      restarts: 1,
      exit: { code: null, signal: 'SIGKILL' },
    });
    expect(server.pid).not.toBe(pid);
    expect(server).toMatchObject({ port, restarts: 1 });
    expect(await stored(server)).toBe(1);
    expect(await running()).toEqual([server.pid]);
  });

  test('stays away once stopped, however it was dying', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    await server.stop();
    expect(await running()).toEqual([]);
  });

  test('has port, passwords and messages of the last time when started anew', async () => {
    const first = await start();
    await store(first);
    await first.stop();
    const second = await start();
    expect(second).toMatchObject({ port: first.port, passwords: first.passwords });
    expect(await stored(second)).toBe(1);
  });

  test('takes another port when its own is taken by then, and keeps that', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      await second.stop();
      expect((await start()).port).toBe(second.port);
    } finally {
      squatter.close();
    }
  });

  test('refuses a second supervisor on the same folder', async () => {
    const first = await start();
    await expect(start()).rejects.toMatchObject({ code: 'state-locked' });
    expect(await running()).toEqual([first.pid]);
  });

  test('ends the server that a killed supervisor left behind, and serves its store', async () => {
    const holder = spawn(process.execPath, ['--import', 'tsx', HOLDER, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const old = await firstLine(holder);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await running(), 'the orphan lives').toEqual([old.pid]);
    const server = await start();
    expect(server.port).toBe(old.port);
    expect(await processIdentity(old.pid)).toBeUndefined();
    expect(await running()).toEqual([server.pid]);
  });

  test('says what the server complained of when it cannot start', async () => {
    const binary = await testBinary();
    const refused = { ...binary, path: process.execPath };
    await expect(start({ binary: refused })).rejects.toMatchObject({ code: 'nats-failed' });
    expect(await readFile(join(dir, 'nats.log'), 'utf8')).not.toBe('');
    await start();
  });

  test('gives up a start whose signal aborts, leaving nothing behind', async () => {
    const abort = new AbortController();
    const starting = start({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(starting).rejects.toThrow('enough');
    expect(await running()).toEqual([]);
  });
});

async function firstLine(child: ChildProcess): Promise<{ pid: number; port: number }> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString('utf8')) as { pid: number; port: number };
}
