/**
 * `waggle task add -f`: a file with one bad entry adds nothing and is told where and why; big files go in whole.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
const _total = async (): Promise<number> => (await operator.query({ v: 1, kind: 'counts' })).total;
const isOnBoard = async (id: string): Promise<boolean> =>
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

describe('a task file with one bad entry', () => {
  const good = '  - id: good\n    title: fine\n    expects: none\n';
  const bodies = { long: 'x'.repeat(64 * 1024 + 1) };

  test.each([
    [
      'a bad name',
      '  - id: "no good"\n    title: t\n',
      ':5: tasks[1].id: expected a task id of letters, digits',
    ],
    ['a missing title', '  - id: b\n', ':5: tasks[1]: `title` is missing; expected one line of text'],
    [
      'a misspelt key',
      '  - id: b\n    titel: t\n',
      ':6: tasks[1]: unknown key `titel`; did you mean `title`?',
    ],
    ['an id used twice', '  - id: good\n    title: t\n', 'id `good` is used twice, on lines 2 and 5'],
    [
      'an id of the board',
      '  - id: one\n    title: t\n    expects: none\n',
      ':5: tasks[1].id: task one is on the board already',
    ],
    [
      'an unknown dep',
      '  - id: b\n    title: t\n    expects: none\n    deps: [good, gone]\n',
      ':8: tasks[1].deps[1]: task b: dep gone is not a task',
    ],
    [
      'a cycle',
      '  - id: b\n    title: t\n    deps: [c]\n  - id: c\n    title: t\n    deps: [b]\n',
      ':7: tasks[1].deps: deps and parents make a cycle: b -> c -> b',
    ],
    [
      'an oversize body',
      `  - id: b\n    title: t\n    body: ${bodies.long}\n`,
      ':7: tasks[1].body: expected at most 64 KiB (65536 bytes) of text, got 65537 bytes',
    ],
    [
      'an unknown lane',
      '  - id: b\n    title: t\n    lane: mian\n',
      ':7: tasks[1].lane: no lane `mian` is configured; did you mean `main`?',
    ],
    [
      'an unknown gate',
      '  - id: b\n    title: t\n    gates: [VG-TEST, VG-TSET]\n',
      ':7: tasks[1].gates[1]: no gate `VG-TSET` is configured; did you mean `VG-TEST`?',
    ],
  ])('%s: is named with file, line and key, and nothing is added', async (what, entry, expected) => {
    const name = file(`${what.replaceAll(' ', '-')}.yaml`, `tasks:\n${good}${entry}`);
    const { code, stdout, stderr } = await run('task', 'add', '-f', name);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^waggle: nothing was added\n/);
    expect(stderr.split('\n').slice(1).join('\n')).toContain(
      `${expected.startsWith(':') ? name : ''}${expected}`,
    );
    expect(await isOnBoard('good')).toBe(false);
  });

  test('with --json every problem is an entry of the error; other formats and standard input work the same', async () => {
    const jsonl = file('bad.jsonl', '{"id":"x1","title":"t"}\n{"id":"x2"}\n{oops\n');
    const [lines, piped] = await Promise.all([
      run('task', 'add', '-f', jsonl, '--json'),
      commands.waggle(['task', 'add', '-f', '-', '--format', 'json', '--json'], {
        input: '[{"id":"x1","titel":"t"}]',
      }),
    ]);
    expect([lines.code, piped.code]).toEqual([2, 2]);
    expect(JSON.parse(lines.stdout).error).toMatchObject({
      code: 2,
      kind: 'user_error',
      details: {
        reason: 'task-file-invalid',
        list: [
          { file: 'bad.jsonl', line: 2, key: 'tasks[1]' },
          { file: 'bad.jsonl', line: 3, key: '' },
        ],
      },
    });
    expect(JSON.parse(piped.stdout).error.details.list).toMatchObject([{ file: 'standard input', line: 1 }]);
    const missing = await run('task', 'add', '-f', 'no-such.yaml');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('no-such.yaml')]);
  });
});
