import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNatsServer } from '../../../../infra/nats/binary.ts';

let folder: string;

/** A folder with a program called nats-server that says `output` when asked. */
async function folderWith(name: string, output: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'nats-server'), `#!/bin/sh\necho '${output}'\n`);
  await chmod(join(path, 'nats-server'), 0o755);
  return path;
}

let empty: string;
let old: string;
let good: string;
let newer: string;
let stranger: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-binary-'));
  empty = join(folder, 'empty');
  await mkdir(empty);
  old = await folderWith('old', 'nats-server: v2.9.9');
  good = await folderWith('good', 'nats-server: v2.9.10');
  newer = await folderWith('newer', 'nats-server: v2.14.0-preview.1');
  stranger = await folderWith('stranger', 'hello 9.9.9');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('looking for a nats-server', () => {
  test('takes the first on PATH and tells its version', async () => {
    expect(await findNatsServer({ env: { PATH: `${empty}:${good}:${newer}` }, folders: [] })).toEqual({
      path: join(good, 'nats-server'),
      version: { major: 2, minor: 9, patch: 10 },
    });
  });

  test('looks into the usual folders when PATH has none', async () => {
    const found = await findNatsServer({ env: { PATH: empty }, folders: [newer] });
    expect(found).toMatchObject({ path: join(newer, 'nats-server'), version: { major: 2, minor: 14 } });
  });

  test('passes over one that is too old when a newer one follows', async () => {
    const found = await findNatsServer({ env: { PATH: `${old}:${good}` }, folders: [] });
    expect(found?.path).toBe(join(good, 'nats-server'));
  });

  test('says which one is too old when there is no other', async () => {
    await expect(findNatsServer({ env: { PATH: old }, folders: [] })).rejects.toMatchObject({
      code: 'nats-too-old',
      message: expect.stringContaining(
        `${old}/nats-server is nats-server 2.9.9; Waggle needs 2.9.10 or newer`,
      ),
    });
  });

  test('gives nothing when there is none, or only another program of that name', async () => {
    expect(await findNatsServer({ env: { PATH: `${empty}:${stranger}` }, folders: [] })).toBeUndefined();
    expect(await findNatsServer({ env: {}, folders: [] })).toBeUndefined();
  });
});

describe('NATS_SERVER', () => {
  test('wins over PATH', async () => {
    const env = { PATH: good, NATS_SERVER: join(newer, 'nats-server') };
    expect((await findNatsServer({ env }))?.path).toBe(join(newer, 'nats-server'));
  });

  test('is refused when it names nothing that runs, with its path', async () => {
    const env = { PATH: good, NATS_SERVER: join(empty, 'nats-server') };
    await expect(findNatsServer({ env })).rejects.toMatchObject({
      code: 'nats-failed',
      message: expect.stringContaining(join(empty, 'nats-server')),
    });
  });

  test('is refused when it names another program', async () => {
    const env = { NATS_SERVER: join(stranger, 'nats-server') };
    await expect(findNatsServer({ env })).rejects.toThrow(/which is not a nats-server/);
  });

  test('is refused when it names one that is too old', async () => {
    const env = { PATH: good, NATS_SERVER: join(old, 'nats-server') };
    await expect(findNatsServer({ env })).rejects.toMatchObject({ code: 'nats-too-old' });
  });
});
