import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leavingBefore, untilOwnTurn } from '../../../../../services/cli/up/leaving-order.ts';
import { endServices } from '../../../../../services/cli/up/leftovers.ts';
import {
  findUpFile,
  isRunning,
  readUpFile,
  removeUpFile,
  type UpFile,
  type UpService,
  upFilePath,
  writeUpFile,
} from '../../../../../services/cli/up/up-file.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { processIdentity } from '../../../../../shared/process/identity.ts';
import { temporaryFolder } from '../../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const file = (services: UpService[] = []): UpFile => ({
  v: 1,
  project: 'p',
  pid: process.pid,
  identity: 'never',
  state: 'ready',
  started_at: 1,
  services,
});
const service = (name: string, stop_group: number, pid = 1): UpService => ({
  name,
  pid,
  identity: 'never',
  stop_group,
  drain_ms: 5_000,
});

/** A real process that ends when asked to, after `seconds` at the latest. */
async function running(name: string, stop_group: number, seconds = '30'): Promise<UpService> {
  const child = spawn('sleep', [seconds], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = await processIdentity(child.pid!);
  return { ...service(name, stop_group, child.pid!), identity: identity!.startedAt };
}

test('a file is found from folders below, is private, and goes away', async () => {
  await writeUpFile(folder.path, file([service('w1', 0)]));
  const below = join(folder.path, 'a', 'b');
  mkdirSync(below, { recursive: true });
  expect(await findUpFile(below)).toEqual({ root: folder.path, file: file([service('w1', 0)]) });
  expect(statSync(upFilePath(folder.path)).mode & 0o777).toBe(0o600);
  await removeUpFile(folder.path);
  expect(await readUpFile(folder.path)).toBeUndefined();
});

test('a process counts as running only with the start time it was written down with', async () => {
  expect(await isRunning(file())).toBe(false);
  const self = await processIdentity(process.pid);
  expect(await isRunning({ pid: process.pid, identity: self!.startedAt })).toBe(true);
});

test('a damaged file counts as none', async () => {
  mkdirSync(join(folder.path, '.waggle'));
  for (const text of [
    '',
    '{',
    '[]',
    '{"v":2}',
    '{"v":1,"project":"p","pid":1,"identity":"x","services":[1]}',
  ]) {
    writeFileSync(upFilePath(folder.path), text);
    expect(await readUpFile(folder.path), text).toBeUndefined();
  }
});

test('without a supervisor a service leaves after those of lower groups', () => {
  const services = [
    service('w1', 0, 11),
    service('w2', 0, 12),
    service('board', 1, 13),
    service('bus', 2, 14),
  ];
  const before = (pid: number) => leavingBefore({ services }, pid).map(({ name }) => name);
  expect(before(11)).toEqual([]);
  expect(before(13)).toEqual(['w1', 'w2']);
  expect(before(14)).toEqual(['w1', 'w2', 'board']);
  expect(before(99)).toEqual([]);
});

test('its turn comes when they have ended', async () => {
  const other = await running('w1', 0);
  await writeUpFile(folder.path, file([other, service('bus', 1, 77)]));
  let isTurn = false;
  const turn = untilOwnTurn(folder.path, 77, systemClock).then(() => {
    isTurn = true;
  });
  await systemClock.sleep(120);
  expect(isTurn).toBe(false);
  process.kill(other.pid, 'SIGKILL');
  await turn;
});

test('services of a dead supervisor get their time, then are killed; strangers are not touched', async () => {
  const [left, stranger] = [await running('w1', 0), await running('w2', 0)];
  const services = [left, { ...stranger, identity: 'another start' }];
  const ended = await endServices(file(services), { graceMs: 50, clock: systemClock });
  expect(ended).toEqual(['w1']);
  expect(await isRunning(left)).toBe(false);
  expect(await isRunning(stranger)).toBe(true);
  process.kill(stranger.pid, 'SIGKILL');
});
