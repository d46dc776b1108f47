import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test, vi } from 'vitest';
import { processIdentity } from '../../shared/process/identity.ts';
import { waitUntil } from '../support/fake-harness-watch.ts';
import { gitIn, gitSucceeds } from '../support/repository.ts';
import { makeProject, type TestProject } from './project.ts';

/** Removed, with all that runs in it, when the test has ended. */
function project({ onTestFinished }: TestContext, options?: Parameters<typeof makeProject>[0]): TestProject {
  const made = makeProject(options);
  onTestFinished(() => made.remove());
  return made;
}

// Five of these at a time, each with some five processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const isGone = async (pid: number) => (await processIdentity(pid)) === undefined;

/** Waits until a task has landed and is closed; the subjects of the lane's commits, newest first. */
async function _landed({ json, folder }: TestProject): Promise<string[]> {
  const base = gitIn(folder, 'rev-parse', 'main');
  const tip = () => readFileSync(join(folder, '.git', 'refs', 'heads', 'waggle', 'main'), 'utf8').trim();
  await waitUntil('a commit landed', () => tip() !== base, 20_000);
  await waitUntil('its task is closed', async () => {
    const { data } = await json('task', 'list', '--status', 'closed');
    return data.tasks.length === 1;
  });
  return gitIn(folder, 'log', '--format=%s', '--first-parent', 'main..waggle/main').split('\n');
}

test.concurrent('a lane branch that somebody has checked out is refused before anything starts', async (context) => {
  const tiny = project(context);
  gitIn(tiny.folder, 'checkout', '--quiet', '-b', 'waggle/main');
  const refused = await tiny.waggle('up');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('branch waggle/main is checked out');
  expect(existsSync(join(tiny.folder, '.waggle'))).toBe(false);
});

test.concurrent('without a waggle.yaml up names init; a profile that workers lack is a usage error', async (context) => {
  const bare = project(context, { config: undefined });
  expect(await bare.waggle('up')).toMatchObject({ code: 1, stderr: expect.stringContaining('waggle init') });
  writeFileSync(join(bare.folder, 'waggle.yaml'), 'project: tiny\n');
  expect(await bare.waggle('up')).toMatchObject({ code: 2, stderr: expect.stringContaining('profile') });
});

test.concurrent('in a linked working tree .waggle/ is excluded, too', async (context) => {
  const tiny = project(context);
  const linked = join(tiny.folder, '..', 'linked');
  gitIn(tiny.folder, 'worktree', 'add', '--quiet', '--detach', linked);
  mkdirSync(join(linked, '.waggle'));
  const init = spawn(process.execPath, [tiny.script, 'init'], {
    cwd: linked,
    env: tiny.env,
    stdio: 'ignore',
  });
  expect(await once(init, 'exit')).toEqual([0, null]);
  expect(gitSucceeds(linked, 'check-ignore', '-q', '.waggle/')).toBe(true);
  expect(existsSync(join(linked, 'waggle.yaml'))).toBe(true);
});

test.concurrent('in the foreground it tells what happens, and Ctrl-C drains it', async (context) => {
  const tiny = project(context);
  const child = spawn(process.execPath, [tiny.script, 'up'], {
    cwd: tiny.folder,
    env: tiny.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  await waitUntil('it is up', () => text.includes('tiny is up'), 60_000);
  for (const part of [
    'bus ready',
    'orchestrator ready',
    'committer ready',
    'lane main ready: at',
    'w1 ready',
  ])
    expect(text).toContain(part);
  child.kill('SIGINT');
  // Not only its exit: what it said last may still be to be read.
  expect(await once(child, 'close')).toEqual([0, null]);
  for (const part of ['draining', 'w1 left', 'committer left', 'orchestrator left', 'nats left'])
    expect(text).toContain(part);
  expect(text.indexOf('w1 left')).toBeLessThan(text.indexOf('orchestrator left'));
  expect(text.indexOf('orchestrator left')).toBeLessThan(text.indexOf('nats left'));
  expect(await tiny.servers()).toEqual([]);
});

test.concurrent('a service that cannot start is told with its last line, and nothing stays', async (context) => {
  const tiny = project(context);
  const holder = join(tiny.folder, '.waggle', 'agents');
  mkdirSync(join(tiny.folder, '.waggle'));
  // A file where a folder must be.
  writeFileSync(holder, '');
  const failed = await tiny.waggle('up', '--detach');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(
    /^waggle: `waggle up` did not get ready: .*(w1|committer|stale-takeover) did not get ready: .*ENOTDIR/,
  );
  expect(existsSync(join(tiny.folder, '.waggle', 'up.json'))).toBe(false);
  expect(await tiny.servers()).toEqual([]);
});

test.concurrent('the bus alone can run in the foreground, and up uses it and leaves it running', async (context) => {
  const tiny = project(context);
  const bus = spawn(process.execPath, [tiny.script, 'nats'], {
    cwd: tiny.folder,
    env: tiny.env,
    stdio: 'ignore',
  });
  context.onTestFinished(() => void bus.kill('SIGTERM'));
  await waitUntil('the bus is known', () => existsSync(join(tiny.folder, '.waggle', 'bus.json')), 60_000);
  const { services } = await tiny.json('up', '--detach', '--workers', '0');
  expect(services.map(({ name }: { name: string }) => name)).toEqual([
    'committer',
    'stale-takeover',
    'orchestrator',
  ]);
  await tiny.json('down');
  expect(await tiny.servers()).toHaveLength(1);
  bus.kill('SIGTERM');
  await once(bus, 'exit');
  expect(await tiny.servers()).toEqual([]);
  expect(existsSync(join(tiny.folder, '.waggle', 'bus.json'))).toBe(false);
});

test.concurrent('when the supervisor is killed, its services leave by themselves', async (context) => {
  const tiny = project(context);
  const up = await tiny.json('up', '--detach');
  const pids = up.services.map(({ pid }: { pid: number }) => pid);
  process.kill(up.pid, 'SIGKILL');
  await waitUntil(
    'all services have left',
    async () => (await Promise.all(pids.map(isGone))).every((gone) => gone),
    60_000,
  );
  expect(await tiny.servers()).toEqual([]);
  const doctor = await tiny.json('doctor');
  const left = doctor.checks.find(({ category }: { category: string }) => category === 'leftovers');
  expect(left).toMatchObject({
    status: 'warn',
    error: expect.stringContaining(`process ${up.pid} was killed`),
  });
  // The file that it left behind keeps nobody from starting anew.
  const again = await tiny.json('up', '--detach', '--workers', '0');
  expect(again.pid).not.toBe(up.pid);
});
