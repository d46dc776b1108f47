import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundLog, openServiceLog, readTail } from '../../../../infra/supervisor/service-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'w1.log');
});
afterEach(() => folder.remove());

test('a log is private, and begins where the one before ended', async () => {
  await appendFile(file, 'before\n', { mode: 0o600 });
  const { handle, startsAt } = await openServiceLog(file);
  await handle.write('now\n');
  await handle.close();
  expect(await readTail(file, startsAt)).toBe('now\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a log past its bound is kept as .1, and its writer goes on at the new beginning', async () => {
  const { handle } = await openServiceLog(file, 10);
  await handle.write('0123456789ab');
  expect(await boundLog(file, 10)).toBe(true);
  await handle.write('later\n');
  await handle.close();
  expect(await readFile(file, 'utf8')).toBe('later\n');
  expect(await readFile(`${file}.1`, 'utf8')).toBe('0123456789ab');
  expect(await boundLog(file, 10)).toBe(false);
});

test('the tail of a log that was cut meanwhile is all that it holds, and of none it is empty', async () => {
  await appendFile(file, 'short\n');
  expect(await readTail(file, 1_000)).toBe('short\n');
  expect(await readTail(join(folder.path, 'none.log'), 0)).toBe('');
  expect(await boundLog(join(folder.path, 'none.log'))).toBe(false);
});
