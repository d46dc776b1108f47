import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { readRemoteRefs } from '../../../../shared/git/remote.ts';

test('a home whose server takes the connection and says nothing is waited for only so long', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    const asked = readRemoteRefs(`git://127.0.0.1:${port}/x.git`, ['HEAD'], undefined, 2_000);
    await expect(asked).rejects.toMatchObject({ code: 'git-failed', details: { exitCode: 'timeout' } });
    expect(sockets.size).toBe(1);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
