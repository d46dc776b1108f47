/**
 * `waggle task`, `status`, `explain` and `lane` as people and scripts start them, against a real hive.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Mail } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { randomId } from '../../shared/random.ts';
import { until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf, type Ended, steady } from './commands.ts';

let hive: TestHive;
let commands: Commands;
let operator: BoardClient;

const commit = 'a'.repeat(40);
const run = (...args: string[]): Promise<Ended> => commands.waggle(args);
const inSteps = async (steps: readonly string[][]): Promise<Ended[]> => {
  const ended: Ended[] = [];
  for (const args of steps) ended.push(await run(...args));
  return ended;
};
const file = (name: string, text: string): string => {
  writeFileSync(join(commands.folder, name), text);
  return name;
};
const total = async (): Promise<number> => (await operator.query({ v: 1, kind: 'counts' })).total;
beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  operator = await hive.client('operator');
  const lane = { home: '/repo', base: 'HEAD', branch: 'waggle/main', gates: [] };
  await hive.configure({
    ...emptyConfig,
    roles: { operator: 'operator', committer: 'committer' },
    lanes: { main: lane, docs: { ...lane, branch: 'waggle/docs' } },
    gates: { 'VG-TEST': { name: 'VG-TEST', run: 'true', timeout_ms: 1_000 } },
  });
});
afterAll(async () => {
  await commands.close();
  await hive.stop();
});

describe('tasks from flags', () => {
  test('are added, listed and shown, for people', async () => {
    const first = ['--id', 'One', '-l', 'a,b', '-b', 'Do it\nwell', '-p', '1', '--lane', 'main'];
    const second = ['--id', 'two', '--dep', 'one', '--gate', 'VG-TEST'];
    const added = await inSteps([
      ['task', 'add', 'First thing', ...first],
      ['task', 'add', 'Second thing', ...second],
    ]);
    const shown = await Promise.all([
      run('task', 'ready'),
      run('task', 'list'),
      run('task', 'list', '--label', 'nobody'),
      run('task', 'show', 'ON'),
      run('explain', 'two'),
      run('status'),
      run('lane'),
    ]);
    const steps = [...added, ...shown];
    expect(steps.map(({ code, stderr }) => [code, stderr])).toEqual(steps.map(() => [0, '']));
    expect(steps.map(({ stdout }) => steady(stdout)).join('---\n')).toBe(`added one
---
added two
---
ID   PRIO  STATE  AGENT  LANE  AGE  TITLE
one  P1    ready  -      main AGE  First thing
---
ID   PRIO  STATE  AGENT  LANE  AGE  TITLE
one  P1    ready  -      main AGE  First thing
two  P2    open   -      main AGE  Second thing
---
no such task
---
one  First thing

state     ready
priority  P1
lane      main
expects   change
labels    a, b
added     TIME by operator
changed   TIME, revision 1

Do it
well

events
  TIME task added by operator
---
two is open
  deps: waits for one (open)
  lane-unopened: no committer has opened lane main yet
---
test  led by LEADER (term 1) since AGO
tasks: 2 open (1 ready)
waiting: 0 workers, 0 committers

LANE  BRANCH       TIP  COMMITS  GATES  STATE       HOME
docs  waggle/docs  -          0  -      not opened  /repo
main  waggle/main  -          0  -      not opened  /repo
---
LANE  BRANCH       TIP  COMMITS  GATES  STATE       HOME
docs  waggle/docs  -          0  -      not opened  /repo
main  waggle/main  -          0  -      not opened  /repo
`);
  });

  test("are for machines in the tracker's envelope, to the letter", async () => {
    const [ready, list, count, show] = await Promise.all([
      run('task', 'ready', '--project', project, '--json'),
      run('task', 'list', '--status', 'in_progress', '--json'),
      run('task', 'count', '--status', 'open', '--json'),
      run('task', 'show', 'two', '--json'),
    ]);
    const envelope = (command: string, data: object) => ({
      schema_version: 'sv.v1',
      command,
      status: 'success',
      data,
      warnings: [],
      next_steps: [],
    });
    const one = {
      id: 'one',
      title: 'First thing',
      status: 'open',
      priority: 'P1',
      created_at: 'TIME',
      updated_at: 'TIME',
      created_by: 'operator',
      body: 'Do it\nwell',
      comments_count: 0,
      state: 'open',
      ready: true,
      revision: 1,
      lane: 'main',
      attempts: 0,
      blocked_by: [],
      deps: [],
      labels: ['a', 'b'],
    };
    expect(JSON.parse(steady(ready.stdout))).toEqual(
      envelope('task ready', { total: 1, tasks: [{ ...one, project }] }),
    );
    expect(JSON.parse(list.stdout)).toEqual(envelope('task list', { total: 0, tasks: [] }));
    expect(JSON.parse(count.stdout)).toEqual(envelope('task count', { total: 2 }));
    expect(JSON.parse(show.stdout).data).toMatchObject({
      task: { id: 'two', blocked_by: ['one'] },
      comments: [],
      relations: { deps: ['one'], blocked_by: ['one'] },
      events: [{ type: 'task_added', task: 'two', by: 'operator' }],
    });
  });

  test('without an id get one of the project; what is wrong with a flag is said before anything is sent', async () => {
    const before = await total();
    const [added, bad, both, nothing, unknown, title] = await Promise.all([
      run('task', 'add', 'Any', '--expects', 'none', '--json'),
      run('task', 'add', 'Bad', '--priority', 'P9', '--dep', 'a b', '--path', '../x'),
      run('task', 'add', 'Bad', '-f', 'x.yaml'),
      run('task', 'add'),
      run('task', 'add', 'Bad', '--lane', 'mian', '--json'),
      run('task', 'add', 'x', '--frob', '--json'),
    ]);
    expect(JSON.parse(added.stdout).data).toMatchObject({
      id: expect.stringMatching(/^test-[a-z0-9]{3,}$/),
      total: 1,
    });
    expect([bad.code, bad.stderr]).toEqual([
      2,
      [
        'waggle: priority: expected one of P0…P4, got "P9"',
        'deps[0]: expected a task id of letters, digits, dots, dashes and underscores (at most 63), got "a b"',
        'paths[0]: expected a path inside the repository, without a leading / and without .., got "../x"',
        '',
      ].join('\n'),
    ]);
    expect([both.code, nothing.code]).toEqual([2, 2]);
    expect(both.stderr).toContain('expected no title and no field beside -f');
    expect(nothing.stderr).toContain('expected a title, or -f');
    expect([unknown.code, JSON.parse(unknown.stdout).error]).toEqual([
      2,
      {
        message: expect.stringMatching(/lane mian is not configured; known: /),
        code: 2,
        kind: 'user_error',
        details: { reason: 'unknown-lane' },
      },
    ]);
    expect([title.code, title.stderr, JSON.parse(title.stdout).error.message]).toEqual([
      2,
      '',
      "unknown option '--frob'",
    ]);
    expect(await total()).toBe(before + 1);
  });
});

describe('verbs', () => {
  test('move tasks, several at once, by unique beginnings of ids in any case', async () => {
    file(
      'verbs.yaml',
      '- {id: v-a, title: a, expects: none}\n- {id: v-b, title: b, expects: none}\n- {id: w-c, title: c, expects: none, deps: [v-a]}\n',
    );
    const steps = await inSteps([
      ['task', 'add', '-f', 'verbs.yaml'],
      ['task', 'start', 'V-A'],
      ['task', 'start', 'v-a'],
      ['task', 'edit', 'w-', '--title', 'Sea', '--clear', 'deps', '-l', 'x'],
      ['task', 'block', 'v-b', 'w-c', '--reason', 'not now'],
      ['task', 'reopen', 'v-b'],
      ['task', 'close', 'v-a', 'v-b', '--no-change', '--reason', 'done by hand'],
      ['task', 'cancel', 'w-c', 'v-a'],
    ]);
    expect(steps.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
      [0, 'added 3 tasks\n', ''],
      [0, 'v-a: started\n', ''],
      [0, 'v-a: already in progress by you\n', ''],
      [0, 'w-c: changed (revision 2)\n', ''],
      [0, 'v-b: blocked\nw-c: blocked\n', ''],
      [0, 'v-b: reopened\n', ''],
      [0, 'v-a: closed\nv-b: closed\n', ''],
      [2, 'w-c: cancelled\n', 'waggle: v-a is closed\n'],
    ]);
    const { stdout } = await run('task', 'show', 'w-c', '--json');
    expect(JSON.parse(stdout).data.task).toMatchObject({
      status: 'cancelled',
      title: 'Sea',
      labels: ['x'],
      deps: [],
    });
  });

  test('that are refused end with 2 for the request, 3 for a rule, 4 for what cannot be done', async () => {
    const bob = { agent: 'bob' };
    await commands.waggle(['task', 'start', 'one'], bob);
    const nowhere = { variables: { WAGGLE_NATS_URL: 'nats://127.0.0.1:1' } };
    const [held, blocked, gates, how, ambiguous, verb, down, taken] = await Promise.all([
      run('task', 'start', 'one', '--json'),
      run('task', 'start', 'two', '--json'),
      run('task', 'close', 'two', '--commit', commit, '--json'),
      run('task', 'close', 'two', '--json'),
      run('task', 'show', 't', '--json'),
      run('task', 'frobnicate', '--json'),
      commands.waggle(['task', 'ready', '--json'], nowhere),
      run('task', 'close', 'two', '--commit', 'abc', '--json'),
    ]);
    const told = ({ code, stdout }: Ended) => [code, JSON.parse(stdout).error.details.reason];
    expect([held, blocked, gates, how, ambiguous, down].map(told)).toEqual([
      [2, 'held'],
      [3, 'blocked'],
      [3, 'gates-required'],
      [2, 'usage'],
      [2, 'ambiguous'],
      [4, 'bus-unreachable'],
    ]);
    expect([verb.code, JSON.parse(verb.stdout).status, taken.code]).toEqual([2, 'error', 2]);
    expect(JSON.parse(ambiguous.stdout).error.details.candidates).toContain('two');
    const takeover = await run('task', 'start', 'one', '--takeover');
    expect([takeover.code, takeover.stdout, takeover.stderr]).toEqual([
      0,
      'one: started\n',
      'waggle: ownership takeover: bob -> operator\n',
    ]);
  });

  test('on a task that the committer has are recorded, and the answer says so plainly', async () => {
    await run('task', 'add', 'Change it', '--id', 'kept', '--lane', 'docs', '-p', 'P0');
    const bus = await hive.connect('committer');
    const tip = 'b'.repeat(40);
    const opened: Mail = {
      v: 1,
      id: randomId(),
      kind: 'report',
      at: 1,
      report: { v: 1, kind: 'lane', id: randomId(), lane: 'docs', tip },
    };
    await sendMail(bus, project, 'committer', { kind: 'agent', name: 'orchestrator' }, opened);
    await until('the lane is open', async () => {
      const { lanes } = await operator.query<'status'>({ v: 1, kind: 'status' });
      return lanes['docs']?.tip === tip;
    });
    const signal = AbortSignal.timeout(60_000);
    const worker = await hive.claimer('w1');
    const granted = await worker.next({ holds: [], waitMs: 5_000, signal });
    if (granted.kind !== 'granted') throw new Error(`expected a grant, got ${granted.kind}`);
    const { fence, task, run: runId } = granted.grant;
    expect(task).toBe('kept');
    const bundle = { owner: 'w1', sha256: 'c'.repeat(64), size_bytes: 1, chunks: 1 };
    await worker.next({
      holds: [],
      waitMs: 0,
      signal,
      report: {
        v: 1,
        kind: 'submitted',
        id: randomId(),
        task,
        fence,
        run: runId,
        base: tip,
        head: commit,
        bundle,
      },
    });
    const committer = await hive.claimer('committer', { work: 'commit' });
    await committer.next({ holds: [], waitMs: 5_000, signal });
    const cancelled = await run('task', 'cancel', 'kept', '--reason', 'no need');
    expect([cancelled.code, cancelled.stdout, cancelled.stderr]).toEqual([
      0,
      'kept: recorded; the committer has it: the cancel takes effect unless the commit stands in the branch already\n',
      '',
    ]);
    const shown = (await run('task', 'show', 'kept')).stdout;
    expect(shown).toContain('state       committing\n');
    expect(shown).toContain('asked       cancel by operator: no need\n');
    expect(shown).toMatch(/submission {2}bbbbbbbbbbbb..aaaaaaaaaaaa by w1, run /);
    const adopt = await run('lane', 'adopt', 'docs', commit);
    expect([adopt.code, adopt.stderr]).toEqual([
      1,
      expect.stringContaining('kept of lane docs is with the committer'),
    ]);
  });
});
