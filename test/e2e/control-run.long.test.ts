/**
 * Control of real workers that `waggle up` runs: an operator's word in the next prompt, a pause, a kill, and what is
 * known of the runs afterwards.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/asking.ts';
import { gitIn } from '../support/repository.ts';
import { makeProject, type TestProject } from './project.ts';

/** A task's run shows its prompt, and ends when the file of its name is there. */
const SCRIPT = 'cat "$1" > "$WAGGLE_TASK.prompt"; while [ ! -e "$GO/$WAGGLE_TASK.go" ]; do sleep 0.1; done';

let tiny: TestProject;

beforeAll(async () => {
  tiny = makeProject({ config: undefined });
  writeFileSync(
    join(tiny.folder, 'waggle.yaml'),
    `project: tiny
profiles:
  a: &a
    command: [sh, -c, '${SCRIPT.replaceAll("'", "''")}', sh, '{prompt_file}']
    set: { GO: ${JSON.stringify(tiny.folder)} }
    grace: 1s
  b: *a
pools: { both: { profiles: [a, b] } }
workers: { pool: both }
policies: { lease: 3s }
`,
  );
  const { code, stderr } = await tiny.waggle('up', '--detach');
  expect([code, stderr]).toEqual([0, '']);
}, 60_000);
afterAll(() => tiny.remove(), 60_000);

const go = (task: string) => writeFileSync(join(tiny.folder, `${task}.go`), '');
const add = (id: string) => tiny.json('task', 'add', `Do ${id}`, '--id', id);
const isRunning = (task: string) =>
  until(`${task} is being worked on`, async () => {
    const { agents } = await tiny.json('ps');
    return agents.some(({ tasks }: { tasks: { task: string; output_bytes?: number }[] }) =>
      tasks.some((one) => one.task === task && one.output_bytes !== undefined),
    );
  });
const isIn = (task: string, status: string) =>
  until(
    `${task} is ${status}`,
    async () => (await tiny.json('task', 'show', task)).data.task.status === status,
  );
const inLane = (file: string) => gitIn(tiny.folder, 'show', `waggle/main:${file}`);

test('a word waits for the next run, a kill gives the task back, and the records tell of both', async () => {
  await add('one');
  await isRunning('one');
  expect(await tiny.json('msg', 'w1', 'indent with tabs')).toEqual([
    { agent: 'w1', status: 'done', applied: 'next_run' },
  ]);
  expect((await tiny.waggle('pause', 'w1')).stdout).toBe('w1: applied when its run ends\n');
  go('one');
  await isIn('one', 'closed');
  expect(inLane('one.prompt')).not.toContain('indent with tabs');

  await add('two');
  expect((await tiny.waggle('resume', 'w1')).code).toBe(0);
  await isRunning('two');
  go('two');
  await isIn('two', 'closed');
  expect(inLane('two.prompt')).toContain('indent with tabs');

  await add('three');
  await isRunning('three');
  expect(await tiny.json('kill', 'w1', '--reason', 'runs in circles')).toEqual([
    { agent: 'w1', status: 'done', applied: 'now', tasks: ['three'] },
  ]);
  await isIn('three', 'open');

  const runs = (await tiny.json('runs')).filter(({ kind }: { kind: string }) => kind === 'work');
  expect(runs.map(({ task, profile }: { task: string; profile: string }) => [task, profile])).toEqual([
    ['three', 'a'],
    ['two', 'b'],
    ['one', 'a'],
  ]);
  expect(await tiny.json('run', 'show', String(runs[1].fence))).toMatchObject({
    task: 'two',
    pool: 'both',
    harness: 'command',
    note: { outcome: 'completed', exit_code: 0, evidence: expect.any(Array), prompts: expect.any(Array) },
    usage: { duration_ms: expect.any(Number) },
  });
  expect(await tiny.json('usage')).toMatchObject({ rows: [{ key: 'a' }, { key: 'b', runs: 1 }] });
}, 90_000);
