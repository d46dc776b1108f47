/**
 * `waggle task add -f`: big files go in whole, or it is said what did not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf, type Ended } from './commands.ts';

let hive: TestHive;
let commands: Commands;
let operator: BoardClient;

const run = (...args: string[]): Promise<Ended> => commands.waggle(args);
const file = (name: string, text: string): string => {
  writeFileSync(join(commands.folder, name), text);
  return name;
};
const total = async (): Promise<number> => (await operator.query({ v: 1, kind: 'counts' })).total;
const _isOnBoard = async (id: string): Promise<boolean> =>
  (await operator.query({ v: 1, kind: 'tasks', ids: [id] })).total > 0;

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  operator = await hive.client('operator');
  await hive.configure({
    ...emptyConfig,
    lanes: { main: { home: '/repo', base: 'HEAD', branch: 'waggle/main', gates: [] } },
    gates: { 'VG-TEST': { name: 'VG-TEST', run: 'true', timeout_ms: 1_000 } },
  });
  const one = { id: 'one', title: 'on the board', expects: 'none' as const };
  await operator.command({ v: 1, kind: 'add', id: randomId(), tasks: [one] });
});
afterAll(async () => {
  await commands.close();
  await hive.stop();
});

// Seconds on an idle machine; others may be at work on it.
describe('many tasks', { timeout: 60_000 }, () => {
  const entries = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, n) =>
      JSON.stringify({
        id: `${prefix}-${n}`,
        title: `task ${n}`,
        expects: 'none',
        // Each needs a later one, so that the file's order is the wrong one.
        ...(n % 100 === 99 ? {} : { deps: [`${prefix}-${n + 1}`] }),
      }),
    ).join('\n');

  test('5,000 in one file are all added, or none; a reader that has seen enough is no failure', async () => {
    const before = await total();
    file('bad-many.jsonl', `${entries(5_000, 'm')}\n{"id":"one","title":"again","expects":"none"}`);
    const refused = await run('task', 'add', '-f', 'bad-many.jsonl');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      'waggle: nothing was added\nbad-many.jsonl:5001: tasks[5000].id: task one is on the board already\n',
    ]);
    expect(await total()).toBe(before);
    file('many.jsonl', entries(5_000, 'm'));
    const added = await run('task', 'add', '-f', 'many.jsonl');
    expect([added.code, added.stdout, added.stderr]).toEqual([0, 'added 5000 tasks\n', '']);
    expect(await total()).toBe(before + 5_000);

    const waggle = fileURLToPath(new URL('../../dist/services/cli/waggle.js', import.meta.url));
    const piped = await execa(
      'sh',
      ['-c', '("$0" "$1" task list; echo "code $?" >&2) | head -n 1', process.execPath, waggle],
      { cwd: commands.folder, env: commands.variables, extendEnv: false, stdin: 'ignore' },
    );
    expect(piped.stdout).toMatch(/^ID .*TITLE$/);
    expect(piped.stderr).toBe('code 0');
  });

  test('when somebody else takes an id half-way, the answer names every task that was added and that was not', async () => {
    const rival = operator;
    const before = (await rival.query({ v: 1, kind: 'counts' })).total;
    file('half.jsonl', entries(4_000, 'h').replaceAll(/,"deps":\[[^\]]*\]/g, ''));
    const adding = run('task', 'add', '-f', 'half.jsonl', '--json');
    await expect
      .poll(total, { interval: 1, timeout: 30_000, message: 'the first tasks' })
      .toBeGreaterThan(before);
    const taken = { id: 'h-3999', title: 'mine', expects: 'none' as const };
    const answer = await rival.command({ v: 1, kind: 'add', id: randomId(), tasks: [taken] });
    expect(answer.status).toBe('ok');
    const { code, stdout } = await adding;
    const { error } = JSON.parse(stdout);
    expect([code, error.code, error.details.reason]).toEqual([4, 4, 'partly-added']);
    const { added, not_added: left } = error.details as { added: string[]; not_added: string[] };
    expect(added.length).toBeGreaterThan(0);
    expect([...added, ...left].sort()).toEqual(Array.from({ length: 4_000 }, (_, n) => `h-${n}`).sort());
    expect((await rival.query({ v: 1, kind: 'counts' })).total).toBe(before + added.length + 1);
  });
});
