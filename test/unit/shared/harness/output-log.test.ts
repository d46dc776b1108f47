import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutputLog } from '../../../../shared/harness/output-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waggle-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is written stands in the file in order, also when nobody waits in between', async () => {
  const log = await OutputLog.open(join(folder, 'order.log'));
  const parts = Array.from({ length: 200 }, (_, index) => `part ${index}\n`);
  await Promise.all(parts.map((part) => log.write(Buffer.from(part))));
  const bytes = Buffer.byteLength(parts.join(''));
  expect(await log.close()).toEqual({ writtenBytes: bytes, omittedBytes: 0 });
  expect(await readFile(log.path, 'utf8')).toBe(parts.join(''));
});

test('past its cap the head stays and the file says how much was left out', async () => {
  const log = await OutputLog.open(join(folder, 'cap.log'), 10);
  for (const part of ['12345678', '90abc', 'def']) await log.write(Buffer.from(part));
  expect(await log.close()).toEqual({ writtenBytes: 10, omittedBytes: 6 });
  expect(await readFile(log.path, 'utf8')).toBe('1234567890\n[6 more bytes of output were left out]\n');
});

test('only its owner may read it', async () => {
  const log = await OutputLog.open(join(folder, 'mode.log'));
  await log.close();
  expect((await stat(log.path)).mode & 0o077).toBe(0);
});

test.runIf(process.platform === 'linux')('a full disk is told at the end and fails nothing', async () => {
  const log = await OutputLog.open('/dev/full');
  await log.write(Buffer.from('lost'));
  await log.write(Buffer.from('lost too'));
  expect((await log.close()).failure).toMatchObject({ code: 'ENOSPC' });
});
