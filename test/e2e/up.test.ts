import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test, vi } from 'vitest';
import { processIdentity } from '../../shared/process/identity.ts';
import { waitUntil } from '../support/fake-harness-watch.ts';
import { footprint, gitIn, gitSucceeds } from '../support/repository.ts';
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
async function landed({ json, folder }: TestProject): Promise<string[]> {
  const base = gitIn(folder, 'rev-parse', 'main');
  const tip = () => readFileSync(join(folder, '.git', 'refs', 'heads', 'waggle', 'main'), 'utf8').trim();
  await waitUntil('a commit landed', () => tip() !== base, 60_000);
  await waitUntil(
    'its task is closed',
    async () => {
      // After a kill nobody may answer yet.
      const listed = await json('task', 'list', '--status', 'closed').catch(() => undefined);
      return listed?.data.tasks.length === 1;
    },
    60_000,
  );
  return gitIn(folder, 'log', '--format=%s', '--first-parent', 'main..waggle/main').split('\n');
}

test.concurrent('up, ps, a task and down work on a fresh repository, and nothing of its owner changes', async (context) => {
  const tiny = project(context);
  const before = footprint(tiny.folder);
  const up = await tiny.json('up', '--detach', '--workers', '2');
  expect(up.services.map(({ name }: { name: string }) => name)).toEqual([
    'committer',
    'stale-takeover',
    'w1',
    'w2',
    'orchestrator',
    'nats',
  ]);
  expect(statSync(join(tiny.folder, '.waggle', 'bus.json')).mode & 0o777).toBe(0o600);
  expect(gitSucceeds(tiny.folder, 'check-ignore', '-q', '.waggle/')).toBe(true);

  const { agents } = await tiny.json('ps');
  expect(agents.map(({ name, role }: { name: string; role: string }) => `${name} ${role}`)).toEqual([
    'orchestrator orchestrator',
    'committer committer',
    'nats bus',
    'stale-takeover stale-takeover',
    'w1 worker',
    'w2 worker',
  ]);
  expect(agents.every(({ supervised }: { supervised: boolean }) => supervised)).toBe(true);

  await tiny.json('task', 'add', 'Write it down');
  expect(await landed(tiny)).toHaveLength(1);

  const second = await tiny.waggle('up');
  expect(second).toMatchObject({ code: 1, stdout: '' });
  expect(second.stderr).toContain(`already runs here (process ${up.pid})`);

  const doctor = await vi.waitFor(async () => {
    const { code, stdout } = await tiny.waggle('doctor', '--json');
    const told = JSON.parse(stdout);
    expect([code, told.summary]).toMatchObject([0, { failed: 0 }]);
    return told;
  }, 60_000);
  const found = Object.fromEntries(doctor.checks.map((check: { name: string }) => [check.name, check]));
  expect(found['durability'].details).toMatch(/^(kill|power-loss)-safe/);
  for (const name of ['reachable', 'rights', 'streams', 'leader', 'lane main', 'waggle up'])
    expect(found[name], name).toMatchObject({ status: 'pass' });

  expect(await tiny.waggle('down')).toMatchObject({ code: 0 });
  expect(await isGone(up.pid)).toBe(true);
  expect(existsSync(join(tiny.folder, '.waggle', 'up.json'))).toBe(false);
  expect(existsSync(join(tiny.folder, '.waggle', 'bus.json'))).toBe(false);
  expect(await tiny.waggle('down')).toMatchObject({ code: 0, stdout: 'nothing runs here\n' });
  const exclude = readFileSync(join(tiny.folder, '.git', 'info', 'exclude'), 'utf8');
  expect(exclude.split('\n').filter((line) => line === '.waggle/')).toHaveLength(1);
  expect(footprint(tiny.folder).replace('\n!! .waggle/', '')).toBe(before);
});

test.concurrent('a home that is no repository, or has no commit, is one sentence, exit 1, and nothing is touched', async (context) => {
  const tiny = project(context);
  const { folder } = tiny;
  rmSync(join(folder, '.git'), { recursive: true });
  const none = await tiny.waggle('up');
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toBe(
    `waggle: ${folder} is not a git repository; give the path of one (\`git init\` makes one)\n`,
  );
  gitIn(folder, 'init', '--quiet');
  const empty = await tiny.waggle('up', '--detach');
  expect(empty).toMatchObject({ code: 1, stdout: '' });
  expect(empty.stderr).toMatch(/^waggle: .* has no commits yet; .*\n$/);
  expect(readdirSync(folder).sort()).toEqual(['.git', 'README.md', 'waggle.yaml']);
});

test.concurrent('whatever is killed runs again, and the task is still done, once', async (context) => {
  const tiny = project(context);
  const up = await tiny.json('up', '--detach');
  const killed = ['w1', 'orchestrator', 'nats'].map((name) => ({ name, pid: tiny.pid(name) }));
  await tiny.json('task', 'add', 'Survive');
  // A killed keeper's server lives on until the next keeper ends it; then that server is killed as well.
  for (const { pid } of killed) process.kill(pid, 'SIGKILL');
  for (const { name, pid } of killed)
    await waitUntil(
      `${name} runs again`,
      async () => {
        const now = tiny.up().services.find((service) => service.name === name)?.pid;
        return now !== undefined && now !== pid;
      },
      60_000,
    );
  let server: number | undefined;
  await waitUntil(
    'one server runs, and is killed',
    async () => {
      const now = await tiny.servers();
      if (now.length !== 1) return false;
      [server] = now;
      try {
        process.kill(server!, 'SIGKILL');
        return true;
      } catch {
        // The keeper has just ended it.
        return false;
      }
    },
    60_000,
  );
  await waitUntil(
    'another server runs',
    async () => {
      const now = await tiny.servers();
      return now.length === 1 && now[0] !== server;
    },
    60_000,
  );
  const subjects = await landed(tiny);
  expect(subjects).toHaveLength(1);
  expect(await isGone(up.pid)).toBe(false);
});
