/**
 * `waggle profile cooldown|stop|resume`, `profile ls`, `pool ls`, `usage` and `status` against a real board: what one
 * command does, the others show.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf } from './commands.ts';

let hive: TestHive;
let commands: Commands;

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  await hive.configure({
    roles: { operator: 'operator' },
    profiles: { big: { max_concurrency: 2 }, small: {} },
    pools: { main: { strategy: 'round_robin', profiles: ['big', 'small'] } },
    budgets: { project: { tokens: 1_000, per: 'day' } },
  });
});
afterAll(async () => {
  await commands.close();
  await hive.stop();
});

const json = async (...words: string[]) => {
  const { code, stdout, stderr } = await commands.waggle([...words, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};
const said = async (...words: string[]) => {
  const { code, stdout, stderr } = await commands.waggle(words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

test('a profile that cools is shown so, with its reason, until it is resumed', async () => {
  const told = await said('profile', 'cooldown', 'big', '--until', '30m', '--reason', 'weekly limit');
  expect(told).toMatch(/^profile big rests until \d{4}-.*Z\n$/);
  expect(await json('profile', 'ls')).toMatchObject([
    { name: 'big', known_to: 'board', state: 'cooling', reason: 'weekly limit', live: 0, max_concurrency: 2 },
    { name: 'small', state: 'ready', runs: 0 },
  ]);
  expect(await said('pool', 'ls')).toMatch(/main +round_robin +big \(cooling\), small \(ready\) +-\n$/);
  expect(await said('status')).toMatch(/^profile big cooling until .*Z: weekly limit$/m);
  expect(await said('profile', 'resume', 'big')).toBe('profile big may be given work again\n');
  expect(await json('status')).toMatchObject({ resting: [], budgets: [] });
});

test('a profile that is stopped stays so, and the journal says by whom', async () => {
  expect(await json('profile', 'stop', 'small', '--reason', 'no credit')).toEqual({
    profile: 'small',
    action: 'stop',
    reason: 'no credit',
  });
  expect(await json('pool')).toEqual([
    {
      name: 'main',
      strategy: 'round_robin',
      profiles: [
        { name: 'big', state: 'ready' },
        { name: 'small', state: 'stopped' },
      ],
    },
  ]);
  expect(await said('events', '--type', 'profile-stopped')).toContain('small by operator: no credit');
});

test('a profile that nobody has configured is refused', async () => {
  const { code, stderr } = await commands.waggle(['profile', 'stop', 'nobody']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('nobody')]);
});

test('usage of nothing is a word, and an object for machines', async () => {
  expect(await said('usage', '--by', 'day', '--since', '7d')).toContain('nothing was used yet\n');
  expect(await json('usage')).toMatchObject({ by: 'profile', total: { runs: 0 } });
  const { code, stderr } = await commands.waggle(['usage', '--by', 'task', '--since', '7d']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('--since goes with')]);
});
