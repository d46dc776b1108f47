/**
 * A project's whole way, as an operator goes it: a swarm works, is backed up, loses its bus, is restored, goes on, and
 * its work lands.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../support/asking.ts';
import { gitIn } from '../support/repository.ts';
import { makeProject, type TestProject } from './project.ts';

let project: TestProject;
let bus: ResultPromise | undefined;
beforeEach(() => {
  project = makeProject();
});
afterEach(async () => {
  bus?.kill('SIGTERM');
  await bus?.catch(() => undefined);
  bus = undefined;
  await project.remove();
});

const git = (...words: string[]) => gitIn(project.folder, ...words);
const closed = (count: number) =>
  until(
    `${count} tasks are closed`,
    async () => (await project.json('task', 'list', '--state', 'closed')).data.total >= count,
    60_000,
  );

test('work survives the loss of its bus, and lands', async () => {
  await project.json('up', '--detach', '--workers', '2');
  for (const id of ['one', 'two']) await project.json('task', 'add', id, '--id', id);
  await closed(2);
  expect((await project.json('runs', '--live')).length).toBe(0);
  await project.json('task', 'add', 'three', '--id', 'three', '--not-before', '+1h');

  const backup = await project.json('backup', 'all.waggle');
  expect(backup.streams.journal.messages).toBeGreaterThan(0);
  expect((await project.waggle('down')).code).toBe(0);
  rmSync(join(project.folder, '.waggle', 'nats'), { recursive: true });

  bus = execa(process.execPath, [project.script, 'nats'], {
    cwd: project.folder,
    env: project.env,
    extendEnv: false,
  });
  bus.catch(() => undefined);
  await until('the bus is there', () => existsSync(join(project.folder, '.waggle', 'bus.json')));
  const restored = await project.json('restore', 'all.waggle');
  expect(restored.states).toMatchObject({ open: 1 });
  bus.kill('SIGTERM');
  await bus.catch(() => undefined);

  await project.json('up', '--detach', '--workers', '2');
  await project.json('task', 'edit', 'three', '--clear', 'not-before');
  await closed(3);
  const runs = await project.json('runs', '--task', 'three');
  expect(runs.at(-1).fence).toBeGreaterThan(1_000_000);
  const shown = await project.json('run', 'show', String(runs.at(-1).fence));
  expect(shown).toMatchObject({ task: 'three', commit: expect.any(String), folder: expect.any(String) });

  const landed = await project.json('land');
  expect(landed).toMatchObject({ status: 'landed', how: 'fast-forward' });
  expect(landed.tasks.sort()).toEqual(['one', 'three', 'two']);
  expect(git('status', '--porcelain', '--untracked-files=no')).toBe('');
  for (const id of ['one', 'two', 'three']) expect(existsSync(join(project.folder, `${id}.txt`))).toBe(true);
  expect((await project.waggle('gc', '--dry-run')).stdout).toMatch(/would free/);
  expect((await project.waggle('down')).code).toBe(0);
}, 180_000);
