/**
 * Ports of the loopback on which nobody listens.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Listener, listenAtPort } from '../../shared/socket/listen.ts';

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Listens at a free port; when another process has it by then, at another. */
export async function listenAnywhere(): Promise<{ port: number; listener: Listener }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    try {
      return { port, listener: await listenAtPort('127.0.0.1', port) };
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}
