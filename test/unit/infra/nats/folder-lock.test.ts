import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFolder } from '../../../../infra/nats/folder-lock.ts';
import { processIdentity } from '../../../../infra/nats/process-table.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-lock-'));
  path = join(folder, 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the lock of a folder', () => {
  test('keeps a second holder out and names the first', async () => {
    const lock = await lockFolder(folder, path);
    await expect(lockFolder(folder, path)).rejects.toMatchObject({
      code: 'state-locked',
      details: { folder, pid: process.pid },
    });
    await lock.release();
    await (await lockFolder(folder, path)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('lets one of many in who come at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder, path)));
    expect(all.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['lock']);
  });

  test('falls to the next when its holder was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = await processIdentity(child.pid!);
    await writeFile(path, JSON.stringify({ pid: child.pid, identity, nonce: 'n' }));
    await expect(lockFolder(folder, path)).rejects.toMatchObject({ code: 'state-locked' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockFolder(folder, path)).release();
  });

  test('is not kept by another process that got the same pid', async () => {
    await writeFile(path, JSON.stringify({ pid: process.pid, identity: 'another boot 12', nonce: 'n' }));
    const lock = await lockFolder(folder, path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      pid: process.pid,
      identity: await processIdentity(process.pid),
    });
    await lock.release();
  });

  test('is not kept by a damaged file', async () => {
    await writeFile(path, 'nonsense');
    await (await lockFolder(folder, path)).release();
  });
});
