/**
 * `waggle import sv` and `waggle export sv` against a real bus: what a log holds comes onto the board once, and goes
 * back into a log that says the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { randomId } from '../../shared/random.ts';
import { type CommandLine, commandLine, records } from '../support/command-line.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { makeTrackerLog, seedPlan } from '../support/tracker-log.ts';

let hive: TestHive;
let line: CommandLine;
let client: BoardClient;
beforeEach(async () => {
  hive = await startHive();
  line = await commandLine(hive.server);
  client = await hive.client('operator');
});
afterEach(async () => {
  line.close();
  await hive.stop();
});

let number = 0;
const event = (task: string, type: string, more: object = {}) => {
  number += 1;
  const second = String(number % 60).padStart(2, '0');
  const minute = String(Math.floor(number / 60)).padStart(2, '0');
  return JSON.stringify({
    event_id: `01KH${String(number).padStart(6, '0')}`,
    task_id: task,
    type,
    timestamp: `2026-02-09T16:${minute}:${second}.123456Z`,
    actor: 'codex',
    ...more,
  });
};
const file = (name: string, lines: readonly string[]): string => {
  writeFileSync(join(line.folder, name), lines.map((one) => `${one}\n`).join(''));
  return name;
};
const task = async (id: string) => (await client.query({ v: 1, kind: 'task', id })).view.task;

const smallLog = () => [
  event('Forge-epic', 'task_created', { title: 'the epic', priority: 'P1' }),
  event('forge-a', 'task_created', { title: 'first', body: 'Goal: …', priority: 'P0' }),
  event('forge-b', 'task_created', { title: 'second' }),
  event('forge-c', 'task_created', { title: 'third' }),
  event('forge-d', 'task_created', { title: 'gone' }),
  event('forge-a', 'task_epic_set', { related_task_id: 'Forge-epic' }),
  event('forge-b', 'task_parent_set', { related_task_id: 'Forge-epic' }),
  // The event's own task is the one that blocks.
  event('forge-a', 'task_blocked', { related_task_id: 'forge-b' }),
  event('forge-b', 'task_blocked', { related_task_id: 'forge-c' }),
  event('forge-c', 'task_blocked', { related_task_id: 'forge-b' }),
  event('forge-a', 'task_started', { status: 'in_progress' }),
  event('forge-a', 'task_commented', { comment: 'it is\ndone' }),
  event('forge-a', 'task_closed', { status: 'closed' }),
  event('forge-c', 'task_started', { status: 'in_progress' }),
  event('forge-d', 'task_deleted'),
  event('forge-a', 'task_created', { title: 'first, again' }),
  event('forge-x', 'task_closed'),
  '{"event_id":"01',
];

describe('an import', () => {
  test('brings what the log says last of each task', async () => {
    const answer = await line.json('import', 'sv', file('tasks.jsonl', smallLog()), '--expects', 'none');
    expect(answer).toMatchObject({
      tasks: 4,
      added: 4,
      already_there: 0,
      closed: 1,
      left_open: [],
      came_open: [{ id: 'forge-c', status: 'in_progress', by: 'codex' }],
      duplicate_creates: 1,
      created_twice: ['forge-a'],
      strays: 1,
      deleted: 1,
      bad_ids: [],
      reading: { events: 17, malformed: 1 },
    });
    expect(answer.dropped_links).toHaveLength(1);
    expect(await task('forge-a')).toMatchObject({
      title: 'first',
      priority: 'P0',
      body: 'Goal: …\n\nComments in sv:\n- 2026-02-09T16:00Z codex: it is\ndone',
      labels: ['epic:Forge-epic'],
      state: 'closed',
      closing: { how: 'operator', note: expect.stringMatching(/^closed in sv by codex on 2026-02-09T16:/) },
    });
    expect(await task('forge-b')).toMatchObject({ parent: 'forge-epic', state: 'open' });
    expect(await task('forge-c')).toMatchObject({ state: 'open' });
  });

  test('tells people what was left out, and that a log is none', async () => {
    const said = await line.run(['import', 'sv', file('tasks.jsonl', smallLog()), '--expects', 'none']);
    expect([said.code, said.stderr]).toEqual([0, '']);
    expect(said.stdout).toContain('4 tasks in 17 events; 4 added, 0 on the board before; 1 of them closed');
    expect(said.stdout).toContain('open here, because nobody here has them: forge-c (in_progress)');
    expect(said.stdout).toContain('1 line could not be read and were left out');
    const none = await line.run(['import', 'sv', file('none.txt', ['hello'])]);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining('none.txt is no log of the sv tracker'),
    ]);
  });

  test('adds nothing in a dry run, nothing the second time, and changes nothing that is there', async () => {
    const log = file('tasks.jsonl', smallLog());
    const words = ['import', 'sv', log, '--expects', 'none'];
    expect(await line.json(...words, '--dry-run')).toMatchObject({ dry_run: true, added: 4, closed: 1 });
    expect((await client.query({ v: 1, kind: 'counts' })).total).toBe(0);
    await line.json(...words);
    await client.command({ v: 1, kind: 'reopen', id: randomId(), task: 'forge-a' });
    const before = await task('forge-a');
    expect(await line.json(...words)).toMatchObject({ added: 0, already_there: 4, closed: 0 });
    expect(await task('forge-a')).toEqual(before);
  });

  test('that was interrupted is brought to its end by the next', async () => {
    const log = file('tasks.jsonl', smallLog());
    const left = { id: 'forge-a', title: 'first', expects: 'none' as const };
    await client.command({ v: 1, kind: 'add', id: randomId(), tasks: [left] });
    const answer = await line.json('import', 'sv', log, '--expects', 'none');
    expect(answer).toMatchObject({ added: 3, already_there: 1, closed: 1 });
    expect(await task('forge-a')).toMatchObject({ state: 'closed' });
  });

  test('adds nothing when the board has something against a task', async () => {
    const said = await line.run([
      'import',
      'sv',
      file('tasks.jsonl', smallLog()),
      '--lane',
      'nowhere',
      '--json',
    ]);
    const { error } = JSON.parse(said.stdout);
    expect([said.code, error.code, error.message]).toEqual([
      1,
      'refused',
      expect.stringContaining('lane nowhere is not configured'),
    ]);
    expect((await client.query({ v: 1, kind: 'counts' })).total).toBe(0);
  });

  test('brings a whole swarm’s log, from standard input too', async () => {
    const { text } = makeTrackerLog(5);
    const said = await line.run(['import', 'sv', '-', '--expects', 'none', '--json'], { input: text });
    expect([said.code, said.stderr]).toEqual([0, '']);
    const answer = JSON.parse(said.stdout);
    expect(answer).toMatchObject({
      added: seedPlan.tasks,
      left_open: [],
      dropped_links: [],
      duplicate_creates: 3,
    });
    const { states } = await client.query({ v: 1, kind: 'counts' });
    expect(states).toEqual({ closed: answer.closed, open: seedPlan.tasks - answer.closed });
  });
});

describe('an export', () => {
  test('of what was imported is a log from which the same tasks come', async () => {
    await line.json('import', 'sv', file('tasks.jsonl', smallLog()), '--expects', 'none');
    const first = await line.run(['export', 'sv']);
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect((await line.run(['export', 'sv'])).stdout).toBe(first.stdout);
    const lines = records(first.stdout);
    expect(lines[0]).toMatchObject({ type: 'task_created', actor: 'operator', status: 'open' });
    expect(lines.find(({ type }) => type === 'task_closed')).toMatchObject({
      task_id: 'forge-a',
      status: 'closed',
    });
    const other = await startHive();
    const there = await commandLine(other.server);
    try {
      const again = await there.run(['import', 'sv', '-', '--expects', 'none', '--json'], {
        input: first.stdout,
      });
      expect(JSON.parse(again.stdout)).toMatchObject({
        added: 4,
        closed: 1,
        dropped_links: [],
        reading: { malformed: 0 },
      });
      const operator = await other.client('operator');
      for (const id of ['forge-a', 'forge-b', 'forge-c', 'forge-epic']) {
        const { title, body, priority, labels, deps, parent, state } = await task(id);
        const { view } = await operator.query({ v: 1, kind: 'task', id });
        expect(view.task).toMatchObject({ title, priority, labels, deps, state });
        expect([view.task.body, view.task.parent]).toEqual([body, parent]);
      }
    } finally {
      there.close();
      await other.stop();
    }
  });

  test('writes a file once, and over it only when told', async () => {
    await line.json('import', 'sv', file('tasks.jsonl', smallLog()), '--expects', 'none');
    expect(await line.json('export', 'sv', '--output', 'out.jsonl')).toMatchObject({ tasks: 4 });
    expect(records(readFileSync(join(line.folder, 'out.jsonl'), 'utf8')).length).toBeGreaterThan(4);
    const again = await line.run(['export', 'sv', '--output', 'out.jsonl']);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('out.jsonl exists; --force')]);
    expect((await line.run(['export', 'sv', '--output', 'out.jsonl', '--force'])).code).toBe(0);
  });
});

describe('a replay', () => {
  test('prints what was accepted and refused, and as JSON', async () => {
    const { text } = makeTrackerLog(6);
    writeFileSync(join(line.folder, 'log.jsonl'), text);
    const said = await line.run(['replay', 'sv', 'log.jsonl']);
    expect([said.code, said.stderr]).toEqual([0, '']);
    expect(said.stdout).toMatch(/^start what another had, silent < 45m +133 +\d+ +\d+ +\d+ {2}held/m);
    expect(said.stdout).toContain('let happen by the board: double owners 0, early takeovers 0');
    const never = await line.json('replay', 'sv', 'log.jsonl', '--no-blocks', '--takeover-after', 'never');
    expect(never).toMatchObject({ in_log: { starts: 1107, starts_of_held: 151 }, takeovers: 0 });
    const wrong = await line.run(['replay', 'sv', 'log.jsonl', '--takeover-after', 'soon']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('or never')]);
  });
});
