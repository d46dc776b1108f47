/**
 * `waggle profile add` and its kin as they are started: what the file becomes, and what the board is told.
 */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf } from './commands.ts';
import { makeProject, type TestProject } from './project.ts';

const CONFIG = `# Ours.
project: test
profiles:
  default:
    command: [sh, -c, 'true']   # any program
    # max_concurrency: 4

# Behind them.
workers: { count: 1 }
`;
const ADDED = `  own:
    harness: command
    command: [sh, -c, "cat {prompt_file}"]
    env: [HOME]
    max_concurrency: 2
`;
const withOwn = CONFIG.replace('    # max_concurrency: 4\n', `    # max_concurrency: 4\n${ADDED}`);
const OWN = [
  'own',
  '--harness',
  'command',
  '--env',
  'HOME',
  '--max',
  '2',
  '--',
  'sh',
  '-c',
  'cat {prompt_file}',
];

describe('without a bus', () => {
  let here: TestProject;
  const text = () => readFileSync(join(here.folder, 'waggle.yaml'), 'utf8');

  beforeAll(() => {
    here = makeProject({ config: CONFIG });
    chmodSync(join(here.folder, 'waggle.yaml'), 0o640);
  });
  afterAll(() => here.remove());

  test('what would not be valid is not written', async () => {
    const { code, stderr } = await here.waggle(
      'profile',
      'add',
      'odd',
      '--harness',
      'command',
      '--command',
      '',
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining('it stays as it was')]);
    const missing = await here.waggle('profile', 'add', 'odd', '--harness', 'command');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('behind --')]);
    expect((await here.waggle('profile', 'add', 'odd', '--harness', 'nothing')).code).toBe(2);
    expect(text()).toBe(CONFIG);
  });

  test('the profile is written, comments stay, and nobody is told', async () => {
    const { code, stdout, stderr } = await here.waggle('profile', 'add', ...OWN);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^wrote profile own into .*waggle\.yaml\nno leader answers: /);
    expect(text()).toBe(withOwn);
    expect(statSync(join(here.folder, 'waggle.yaml')).mode & 0o777).toBe(0o640);
    const again = await here.waggle('profile', 'add', ...OWN);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('there already')]);
  });

  test('it is listed from the file alone, which is said', async () => {
    const { code, stdout, stderr } = await here.waggle('profile', 'ls', '--json');
    expect([code, stderr]).toEqual([0, expect.stringContaining('this is waggle.yaml alone')]);
    expect(JSON.parse(stdout)).toEqual([
      { name: 'default', known_to: 'file', harness: 'command' },
      { name: 'own', known_to: 'file', harness: 'command', max_concurrency: 2 },
    ]);
    expect((await here.waggle('pool', 'ls')).stdout).toBe('no pool is configured\n');
  });

  test('what only a board can do is an error without one', async () => {
    for (const words of [
      ['usage'],
      ['profile', 'stop', 'own'],
      ['profile', 'cooldown', 'own', '--until', '5m'],
    ]) {
      const { code, stderr } = await here.waggle(...words);
      expect([code, stderr]).toEqual([1, expect.stringContaining('no bus is known')]);
    }
    const odd = await here.waggle('profile', 'cooldown', 'own', '--until', 'soon');
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('--until: expected a duration')]);
  });
});

describe('with a leader', () => {
  let hive: TestHive;
  let commands: Commands;

  beforeAll(async () => {
    hive = await startHive();
    commands = commandsOf(hive);
    await hive.configure({ roles: { operator: 'operator' } });
    writeFileSync(
      join(commands.folder, 'waggle.yaml'),
      CONFIG.replace('project: test', `project: ${project}`),
    );
  });
  afterAll(async () => {
    await commands.close();
    await hive.stop();
  });

  test('the board obeys the new configuration at once', async () => {
    const { code, stdout } = await commands.waggle([
      'profile',
      'add',
      ...OWN.slice(0, 7),
      '--json',
      ...OWN.slice(7),
    ]);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ profile: 'own', written: true, board: 'sent' }),
    ]);
    const client = await hive.client('operator');
    const { config } = await client.query<'status'>({ v: 1, kind: 'status' });
    expect(config.profiles).toEqual({ default: {}, own: { max_concurrency: 2 } });
  });

  test('who may not configure it is told that the file is written and the board refuses', async () => {
    const words = ['profile', 'add', 'third', '--harness', 'command', '--json', '--', 'sh'];
    const { code, stdout } = await commands.waggle(words, { agent: 'w1' });
    expect([code, JSON.parse(stdout)]).toEqual([
      1,
      expect.objectContaining({ written: true, board: 'refused', message: expect.any(String) }),
    ]);
  });
});
