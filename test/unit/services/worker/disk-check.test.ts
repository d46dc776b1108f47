import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskCheck } from '../../../../services/worker/disk-check.ts';
import { keptLog } from '../../../support/kept-log.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  place = temporaryFolder();
});
afterEach(() => place.remove());

test('nothing is written while nobody doubts, and nothing stays behind', async () => {
  const elsewhere = new DiskCheck(join(place.path, 'missing'), keptLog());
  expect(await elsewhere.restMs()).toBe(0);
  const check = new DiskCheck(place.path, keptLog());
  check.doubt();
  expect(await check.restMs()).toBe(0);
  expect(readdirSync(place.path)).toEqual([]);
});

test('a directory that cannot be written is said once, rested on, and found again', async () => {
  const log = keptLog();
  const folder = join(place.path, 'state');
  const check = new DiskCheck(folder, log);
  check.doubt();
  expect(await check.restMs()).toBeGreaterThan(0);
  expect(await check.restMs()).toBeGreaterThan(0);
  mkdirSync(folder);
  expect(await check.restMs()).toBe(0);
  rmSync(folder, { recursive: true });
  expect(await check.restMs(), 'nobody doubts any more').toBe(0);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'the state directory cannot be written: nothing is claimed',
    'the state directory can be written again',
  ]);
});
