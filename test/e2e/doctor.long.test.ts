import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { gitIn } from '../support/repository.ts';
import { makeProject, type TestProject } from './project.ts';

let tiny: TestProject | undefined;
let hive: TestHive | undefined;
afterEach(async () => {
  await tiny?.remove();
  await hive?.stop();
  tiny = undefined;
  hive = undefined;
});

type Check = { name: string; status: string; error?: string; details?: string };
const byName = (checks: Check[]) => Object.fromEntries(checks.map((check) => [check.name, check]));

test('before anything runs, doctor finds no fault and says how to start', async () => {
  tiny = makeProject();
  const report = await tiny.json('doctor');
  expect(Object.keys(report)).toEqual(['checks', 'summary', 'checked_at']);
  expect(report.summary).toMatchObject({ total: report.checks.length, failed: 0 });
  expect(byName(report.checks)).toMatchObject({
    node: { category: 'machine', status: 'pass' },
    git: { status: 'pass' },
    'nats-server': { status: 'pass' },
    'waggle.yaml': { status: 'pass' },
    'lane main': { status: 'pass' },
    known: { status: 'warn', error: expect.stringContaining('waggle up') },
    leader: { status: 'skip' },
  });
});

test('on a bus with a single account doctor says that rights are not enforced', async () => {
  hive = await startHive();
  const { user, password, url } = hive.server.swarm;
  const named = url.replace('//', `//${user}:${password}@`);
  tiny = makeProject({ variables: { WAGGLE_NATS_URL: named, WAGGLE_PROJECT: 'test' } });
  const found = byName((await tiny.json('doctor')).checks);
  expect(found).toMatchObject({
    known: { details: 'WAGGLE_NATS_URL' },
    reachable: { status: 'pass' },
    rights: { status: 'warn', error: expect.stringContaining('single account') },
    leader: { status: 'pass' },
    durability: { status: 'warn', error: expect.stringContaining('unknown') },
  });
  // That login is of one account of two, which has only half of the streams.
  expect(found['streams']).toMatchObject({ status: 'warn', error: expect.stringContaining('JOURNAL') });
});

test('a failed check is exit code 1, and its sentence says what to do', async () => {
  tiny = makeProject({ variables: { WAGGLE_NATS_URL: 'nats://127.0.0.1:9' } });
  writeFileSync(join(tiny.folder, 'waggle.yaml'), 'project: tiny\nlanes: { main: { home: nowhere } }\n');
  const { code, stdout } = await tiny.waggle('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL +project +lane main +.*nowhere is not a git repository/m);
  expect(stdout).toMatch(/^FAIL +bus +reachable +the bus at .* does not answer/m);
  expect(stdout).toMatch(/\d+ ok, \d+ warnings, 2 failed, \d+ skipped\n$/);
});

test('init writes a valid file, once, named after the remote, and says what is next', async () => {
  tiny = makeProject({ config: undefined });
  gitIn(tiny.folder, 'remote', 'add', 'origin', 'git@example.org:team/My_App.git');
  const init = await tiny.waggle('init', '--json', '--', 'my-agent', '{prompt_file}');
  const { project, path, next_steps } = JSON.parse(init.stdout);
  expect({ project, path }).toEqual({ project: 'my-app', path: join(tiny.folder, 'waggle.yaml') });
  expect(next_steps).toContain('waggle up');
  expect(await tiny.waggle('init')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
  const config = await tiny.json('config');
  expect(config).toMatchObject({ valid: true, project: 'my-app' });
  expect(config.profiles.default.command).toEqual(['my-agent', '{prompt_file}']);
  expect(config.sources['policies.lease']).toMatch(/^waggle\.yaml:\d+$/);
  expect(config.sources['policies.max_losses']).toBe('default');
  expect(await tiny.waggle('init', '--force')).toMatchObject({ code: 0 });

  writeFileSync(join(tiny.folder, 'waggle.yaml'), 'project: tiny\npolicies: { leese: 3s }\n');
  const broken = await tiny.waggle('config', 'check');
  expect(broken.code).toBe(2);
  expect(broken.stderr).toContain('leese');
});
