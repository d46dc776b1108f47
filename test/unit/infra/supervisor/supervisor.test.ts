import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ServiceSpec, SupervisorEvent } from '../../../../infra/supervisor/supervisor.ts';
import { type Supervisor, startSupervisor } from '../../../../infra/supervisor/supervisor.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { randomId } from '../../../../shared/random.ts';
import { processesWith, waitUntil } from '../../../support/fake-harness-watch.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
let marker: string;
let events: SupervisorEvent[];
const running: Supervisor[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  marker = `supervised-${randomId(8)}`;
  events = [];
});
afterEach(async () => {
  for (const supervisor of running.splice(0)) await supervisor.stop(AbortSignal.abort());
  expect(await processesWith(marker)).toEqual([]);
  folder.remove();
});

/** A service of `sh` that runs `script`. */
const shell = (name: string, script: string, over: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name,
  argv: ['/bin/sh', '-c', script, marker],
  cwd: folder.path,
  env: { PATH: process.env['PATH'] },
  restart: 'always',
  drainMs: 5_000,
  ...over,
});
/** Lives until TERM, or until its standard input closes. */
const STAYS = 'echo up; read never';

async function supervise(services: ServiceSpec[], stopOrder?: string[][]): Promise<Supervisor> {
  const supervisor = await startSupervisor({
    services,
    logDir: join(folder.path, 'logs'),
    onEvent: (event) => events.push(event),
    clock: systemClock,
    log: silentLog,
    ...(stopOrder === undefined ? {} : { stopOrder }),
  });
  running.push(supervisor);
  return supervisor;
}

const kinds = (name: string) => events.filter((event) => event.name === name).map(({ kind }) => kind);
const logged = (supervisor: Supervisor, name: string) =>
  readFile(supervisor.logFile(name), 'utf8').catch(() => '');

test('nothing runs before its start; a second start changes nothing', async () => {
  const supervisor = await supervise([shell('a', STAYS), shell('b', STAYS)]);
  expect(supervisor.states()).toEqual({ a: { kind: 'idle' }, b: { kind: 'idle' } });
  await supervisor.start('a');
  const pid = supervisor.pid('a');
  await supervisor.start('a');
  expect(pid).toBeGreaterThan(0);
  expect(supervisor.states()).toEqual({ a: { kind: 'running', pid, restarts: 0 }, b: { kind: 'idle' } });
  await expect(supervisor.start('c')).rejects.toThrow('no service is called c');
});

test('a service that was killed runs again, in a group of its own', async () => {
  const supervisor = await supervise([shell('a', STAYS)]);
  await supervisor.start('a');
  const first = supervisor.pid('a')!;
  process.kill(-first, 'SIGKILL');
  await waitUntil('a runs again', () => (supervisor.pid('a') ?? first) !== first);
  expect(kinds('a')).toEqual(['started', 'exited', 'restarting', 'started']);
  expect(events[1]).toMatchObject({ exit: { signal: 'SIGKILL' }, expected: false, pid: first });
  expect(events[3]).toMatchObject({ restarts: 1, pid: supervisor.pid('a') });
});

test('a service that ends by exit code 2 is not tried again, and its last line is told', async () => {
  const supervisor = await supervise([shell('a', 'echo "waggle: no such profile" >&2; exit 2')]);
  await supervisor.start('a');
  await waitUntil('it was given up', () => kinds('a').includes('gave-up'));
  expect(events.at(-1)).toEqual({
    kind: 'gave-up',
    name: 'a',
    exit: { code: 2 },
    lastLine: 'no such profile',
  });
  expect(supervisor.states()['a']).toMatchObject({ kind: 'gave-up', lastLine: 'no such profile' });
  expect(supervisor.pid('a')).toBeUndefined();
});

test('a service of rule never leaves quietly and can be started anew', async () => {
  const supervisor = await supervise([shell('a', 'exit 0', { restart: 'never' })]);
  await supervisor.start('a');
  await waitUntil('it left', () => supervisor.states()['a']?.kind === 'stopped');
  await supervisor.start('a');
  await waitUntil('it left again', () => kinds('a').filter((kind) => kind === 'exited').length === 2);
});

test('an abandoned service is killed where it stands and stays down until it is started again', async () => {
  const supervisor = await supervise([shell('a', STAYS)]);
  expect(supervisor.abandon('a')).toBe(false);
  await supervisor.start('a');
  expect(supervisor.abandon('a')).toBe(true);
  await waitUntil('it is down', () => supervisor.states()['a']?.kind === 'stopped');
  expect(events.at(-1)).toMatchObject({ kind: 'exited', exit: { signal: 'SIGKILL' }, expected: true });
  await supervisor.start('a');
  await waitUntil('it runs', () => supervisor.pid('a') !== undefined);
  expect(kinds('a')).toEqual(['started', 'exited', 'started']);
});

test('a program that does not exist is told, and tried again', async () => {
  const supervisor = await supervise([shell('a', '', { argv: ['/no/such/program'] })]);
  await supervisor.start('a');
  await waitUntil('it is tried again', () => kinds('a').length >= 3);
  expect(kinds('a').slice(0, 3)).toEqual(['exited', 'restarting', 'exited']);
  expect(events[0]).toMatchObject({ exit: {}, lastLine: expect.stringContaining('ENOENT') });
});

test('what ignores the drain is killed when its time is up', async () => {
  const supervisor = await supervise([
    shell('a', `trap 'echo asked' TERM; echo up; while :; do read never || sleep 0.05; done`, {
      drainMs: 1_500,
    }),
  ]);
  await supervisor.start('a');
  await waitUntil('it traps', async () => (await logged(supervisor, 'a')).includes('up'));
  await supervisor.stopService('a');
  expect(await logged(supervisor, 'a')).toContain('asked');
  expect(events.at(-1)).toMatchObject({ kind: 'exited', exit: { signal: 'SIGKILL' }, expected: true });
  expect(supervisor.states()['a']).toEqual({ kind: 'stopped' });
});

test('a hurry asks a second time instead of waiting for the drain', async () => {
  const script = `n=0; trap 'n=$((n+1)); echo asked $n; [ $n = 2 ] && exit 7' TERM; echo up; while :; do sleep 0.02; done`;
  const supervisor = await supervise([shell('a', script, { drainMs: 60_000 })]);
  await supervisor.start('a');
  await waitUntil('it traps', async () => (await logged(supervisor, 'a')).includes('up'));
  const hurry = new AbortController();
  const stopped = supervisor.stop(hurry.signal);
  await waitUntil('it was asked', async () => (await logged(supervisor, 'a')).includes('asked 1'));
  hurry.abort();
  await stopped;
  expect(events.at(-1)).toMatchObject({ kind: 'exited', exit: { code: 7 }, expected: true });
});

test('groups are stopped one after the other, unnamed services first', async () => {
  const slow = `trap 'sleep 0.1; exit 0' TERM; echo up; while :; do sleep 0.02; done`;
  const supervisor = await supervise(
    ['bus', 'board', 'w1', 'w2'].map((name) => shell(name, slow)),
    [['board'], ['bus']],
  );
  await Promise.all(['bus', 'board', 'w1', 'w2'].map((name) => supervisor.start(name)));
  for (const name of ['bus', 'board', 'w1', 'w2'])
    await waitUntil(`${name} traps`, async () => (await logged(supervisor, name)).includes('up'));
  await supervisor.stop();
  const ended = events.filter(({ kind }) => kind === 'exited').map(({ name }) => name);
  expect(ended.slice(0, 2).sort()).toEqual(['w1', 'w2']);
  expect(ended.slice(2)).toEqual(['board', 'bus']);
});

test('a stop during the wait before a restart ends the waiting', async () => {
  const supervisor = await supervise([shell('a', 'exit 1')]);
  await supervisor.start('a');
  await waitUntil('it waits', () => supervisor.states()['a']?.kind === 'waiting');
  await supervisor.stop();
  expect(supervisor.states()['a']).toEqual({ kind: 'stopped' });
  await supervisor.start('a');
  await waitUntil('it runs anew', () => kinds('a').at(-1) === 'restarting');
});

test('two services of one name are refused', async () => {
  await expect(supervise([shell('a', STAYS), shell('a', STAYS)])).rejects.toThrow('two services');
});
