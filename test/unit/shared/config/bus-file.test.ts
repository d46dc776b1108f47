import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type BusFile,
  findBus,
  readBusFile,
  removeBusFile,
  writeBusFile,
} from '../../../../shared/config/bus-file.ts';

const bus: BusFile = {
  v: 1,
  project: 'demo',
  urls: ['nats://127.0.0.1:20123'],
  core: { user: 'core', password: 'c' },
  swarm: { user: 'services', password: 's' },
  agent: { user: 'agent', password: 'a' },
  server: { version: '2.10.27', pid: 7, durability: 'power-loss-safe' },
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'waggle-bus-file-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the bus file', () => {
  test('is readable by its owner alone, and nothing else is left beside it', async () => {
    const path = await writeBusFile(root, bus);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(root, '.waggle'))).toEqual(['bus.json']);
  });

  test('stays private when it replaces one that was not', async () => {
    await mkdir(join(root, '.waggle'));
    await writeFile(join(root, '.waggle', 'bus.json'), '{}', { mode: 0o644 });
    expect((await stat(await writeBusFile(root, bus))).mode & 0o777).toBe(0o600);
  });

  test('gives back what was written', async () => {
    expect(await readBusFile(await writeBusFile(root, bus))).toEqual(bus);
  });

  test('is absent before it is written and after it is removed', async () => {
    const path = await writeBusFile(root, bus);
    await removeBusFile(root);
    await removeBusFile(root);
    expect(await readBusFile(path)).toBeUndefined();
  });

  test('is refused with every fault named', async () => {
    const path = await writeBusFile(root, bus);
    await writeFile(path, JSON.stringify({ ...bus, v: 2, urls: [], agent: { user: 'agent' } }));
    await expect(readBusFile(path)).rejects.toMatchObject({
      code: 'config-invalid',
      message: `${path}: v: expected 1, found 2; urls: expected a list of URLs; agent: expected user and password; \`waggle up\` writes it anew (where it runs: after \`waggle down\`)`,
    });
  });

  test('is refused when it is no JSON', async () => {
    const path = await writeBusFile(root, bus);
    await writeFile(path, '{"v":1');
    await expect(readBusFile(path)).rejects.toThrow(`${path}: not JSON`);
  });
});

describe('finding the bus', () => {
  test('searches upward from a folder', async () => {
    const path = await writeBusFile(root, bus);
    const folder = join(root, 'a', 'b');
    await mkdir(folder, { recursive: true });
    const { v, server, ...rest } = bus;
    expect(await findBus({ folder, env: {} })).toEqual({ ...rest, source: path, root });
  });

  test('takes the nearest', async () => {
    await writeBusFile(root, bus);
    await writeBusFile(join(root, 'inner'), { ...bus, project: 'inner' });
    expect((await findBus({ folder: join(root, 'inner'), env: {} })).project).toBe('inner');
  });

  test('says where it looked when there is none', async () => {
    await expect(findBus({ folder: root, env: {} })).rejects.toMatchObject({
      code: 'bus-unknown',
      message: expect.stringContaining(root),
    });
  });

  test('obeys WAGGLE_NATS_URL first, with one login for every account', async () => {
    await writeBusFile(root, bus);
    const env = { WAGGLE_NATS_URL: 'nats://me:p%40ss@bus.test:4222, nats://two.test:4223' };
    const login = { user: 'me', password: 'p@ss' };
    expect(await findBus({ folder: root, env })).toEqual({
      source: 'WAGGLE_NATS_URL',
      urls: ['nats://bus.test:4222', 'nats://two.test:4223'],
      core: login,
      swarm: login,
      agent: login,
    });
  });

  test('takes a percent sign that encodes nothing for one', async () => {
    const env = { WAGGLE_NATS_URL: 'nats://me:100%@bus.test:4222' };
    expect(await findBus({ folder: root, env })).toMatchObject({ core: { user: 'me', password: '100%' } });
  });

  test('takes a bare host and port, without a login', async () => {
    expect(await findBus({ folder: root, env: { WAGGLE_NATS_URL: 'localhost:4222' } })).toEqual({
      source: 'WAGGLE_NATS_URL',
      urls: ['nats://localhost:4222'],
    });
  });

  test('hands WAGGLE_NATS_CREDS on', async () => {
    const env = { WAGGLE_NATS_URL: 'tls://bus.test', WAGGLE_NATS_CREDS: '/c/core.creds' };
    expect(await findBus({ folder: root, env })).toMatchObject({ creds: '/c/core.creds' });
  });

  test.each(['http://me:secret@bus.test', 'nats://me:secret@', 'nats://me:secret@host:port'])(
    'refuses %s without repeating its password',
    async (url) => {
      const found = findBus({ folder: root, env: { WAGGLE_NATS_URL: url } });
      await expect(found).rejects.toMatchObject({
        code: 'usage',
        message: expect.not.stringContaining('secret'),
      });
    },
  );
});
