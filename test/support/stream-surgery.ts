/**
 * What happens to streams in bad times, done to a real server: a stream is deleted, or its end is lost with the power.
 */
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '../../shared/bus/port.ts';
import type { TestNatsServer } from './nats-server.ts';

export async function deleteStream(bus: Bus, name: string): Promise<void> {
  await bus.request(`$JS.API.STREAM.DELETE.${name}`, Buffer.alloc(0), { timeoutMs: 10_000 });
}

/** Deletes a stream and makes it again, empty, with the same settings. */
export async function recreateStream(bus: Bus, name: string): Promise<void> {
  const asked = await bus.request(`$JS.API.STREAM.INFO.${name}`, Buffer.alloc(0), { timeoutMs: 10_000 });
  const { config } = JSON.parse(Buffer.from(asked.payload).toString()) as { config: object };
  await deleteStream(bus, name);
  await bus.request(`$JS.API.STREAM.CREATE.${name}`, Buffer.from(JSON.stringify(config)), {
    timeoutMs: 10_000,
  });
}

/** The folder of a stream in the server's store. */
async function folderOf(server: TestNatsServer, name: string): Promise<string> {
  const entries = await readdir(server.storeDir, { recursive: true, withFileTypes: true });
  const found = entries.find((entry) => entry.isDirectory() && entry.name === name);
  if (found === undefined) throw new Error(`no stream ${name} in ${server.storeDir}`);
  return join(found.parentPath, name);
}

/** Keeps a stream as it is now; what comes later is lost by the returned function. Both restart the server. */
export async function keepForCut(server: TestNatsServer, name: string): Promise<() => Promise<void>> {
  await server.kill();
  const folder = await folderOf(server, name);
  const copy = `${server.storeDir}-${name}`;
  await cp(folder, copy, { recursive: true });
  await server.restart();
  return async () => {
    await server.kill();
    await rm(folder, { recursive: true });
    await cp(copy, folder, { recursive: true });
    await server.restart();
  };
}
