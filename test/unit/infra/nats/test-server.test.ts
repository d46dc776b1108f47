import { access } from 'node:fs/promises';
import { connect } from 'nats';
import { expect, test } from 'vitest';
import { processIdentity } from '../../../../shared/process/identity.ts';
import { type Login, startNatsServer } from '../../../support/nats-server.ts';

async function ask({ url, user, password }: Login): Promise<string> {
  const connection = await connect({ servers: url, user, pass: password });
  const name = connection.info?.server_name ?? '';
  await connection.close();
  return name;
}

test('a test server comes back on the same port after a kill, and leaves nothing after stop', async () => {
  const server = await startNatsServer();
  const { pid, port } = server;
  await server.kill();
  expect(await processIdentity(pid)).toBeUndefined();
  await server.restart();
  expect(server).toMatchObject({ port });
  expect(server.pid).not.toBe(pid);
  for (const login of [server.core, server.swarm, server.workerSwarm, server.sys]) await ask(login);
  await server.stop();
  expect(await processIdentity(server.pid)).toBeUndefined();
  await expect(access(server.storeDir)).rejects.toThrow();
});

test('a test server takes a changed configuration', async () => {
  const server = await startNatsServer({ configure: (text) => text.replace('waggle-test', 'changed') });
  try {
    expect(await ask(server.core)).toBe('changed');
  } finally {
    await server.stop();
  }
});

test('test servers run beside each other', async () => {
  const servers = await Promise.all(Array.from({ length: 4 }, () => startNatsServer()));
  expect(new Set(servers.map((server) => server.port)).size).toBe(4);
  await Promise.all(servers.map((server) => server.stop()));
});
