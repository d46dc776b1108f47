import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gate, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { until } from '../support/asking.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { footprint, gitIn, makeRepository, temporaryFolder } from '../support/repository.ts';
import { allEnded, roles, startSwarm, type TestSwarm, untilTasks } from '../support/swarm.ts';

let hive: TestHive;
let swarm: TestSwarm;
const place = temporaryFolder();

const lane = (home: string, gates: string[] = []) => ({ home, base: 'HEAD', branch: 'waggle/main', gates });
const gate = (name: string, run: string): Gate => ({ name, run, timeout_ms: 10_000 });

async function add(tasks: TaskSpec[]): Promise<void> {
  const operator = await hive.client('operator');
  const answer = await operator.command({ v: 1, kind: 'add', id: `add-${tasks[0]?.id}`, tasks });
  expect(answer.message ?? answer.status).toBe('ok');
}

beforeAll(async () => {
  hive = await startHive();
});
afterAll(async () => {
  await hive.stop();
  place.remove();
});

test('one task becomes one clean commit, with trailers, on the lane and nowhere else', async () => {
  const home = makeRepository(join(place.path, 'one'), { 'a.txt': 'as it was\n' });
  await hive.configure({
    roles,
    lanes: { main: lane(home, ['VG-NEW']) },
    gates: { 'VG-NEW': gate('VG-NEW', 'grep -q new a.txt') },
  });
  swarm = await startSwarm(hive);
  const before = footprint(home);
  await swarm.committer();
  await swarm.worker('w1', { command: ['sh', '-c', 'cat "$0" && echo new > a.txt', '{prompt_file}'] });
  await add([{ id: 'one', title: 'make it new', body: 'Write new into a.txt' }]);
  const operator = await hive.client('operator');
  const [view] = await untilTasks(operator, allEnded, 50_000);
  expect(view?.task).toMatchObject({ state: 'closed', closing: { how: 'committed', by: 'w1' } });
  expect(gitIn(home, 'log', '--format=%s', 'HEAD..waggle/main')).toBe('chore: make it new');
  expect(gitIn(home, 'show', 'waggle/main:a.txt')).toBe('new');
  const trailers = gitIn(home, 'log', '-1', '--format=%(trailers:only)', 'waggle/main');
  expect(trailers.split('\n').map((line) => line.split(':')[0])).toEqual([
    'Waggle-Task',
    'Waggle-Run',
    'Waggle-Fence',
    'Waggle-Agent',
  ]);
  expect(view?.task.closing?.commit).toBe(gitIn(home, 'rev-parse', 'waggle/main'));
  expect(footprint(home)).toEqual(before);
  await swarm.stop();
});

test('8 workers edit one file in 40 tasks: every commit applies, no hunk is lost, conflicts come back and end', async () => {
  // Every task marks its own line; the first three also sign the first line, so that those conflict.
  const lines = Array.from({ length: 40 }, (_, n) => `line ${n}\n\n\n`);
  const home = makeRepository(join(place.path, 'many'), { 'shared.txt': `signed:\n\n\n\n${lines.join('')}` });
  const policies = { ...emptyConfig.policies, max_conflicts: 50, backoff_ms: 50 };
  const many = { ...lane(home), branch: 'waggle/many' };
  await hive.configure({ roles, policies, lanes: { main: lane(home), many } });
  swarm = await startSwarm(hive);
  await swarm.committer();
  const edit = [
    'n=$(head -n 1 "$0")',
    'sed -i.bak "s/^line $n\\$/done $n/" shared.txt',
    '[ $n -gt 2 ] || sed -i.bak "1s/\\$/ $n/" shared.txt',
    'rm shared.txt.bak',
  ].join('; ');
  for (let n = 0; n < 8; n += 1)
    await swarm.worker(`m${n}`, { command: ['sh', '-c', edit, '{prompt_file}'] });
  const operator = await hive.client('operator');
  // Those that conflict begin from one tip.
  await until('all workers wait', async () => {
    const { waiting } = await operator.query<'status'>({ v: 1, kind: 'status' });
    return waiting.task === 8;
  });
  await add(
    lines.map((_, n) => ({ id: `many-${n}`, title: `mark line ${n}`, body: String(n), lane: 'many' })),
  );
  const views = (await untilTasks(operator, allEnded, 200_000)).filter(({ task }) => task.lane === 'many');
  expect(views.map(({ task }) => task.state)).toEqual(lines.map(() => 'closed'));
  const conflicts = views.flatMap(({ task }) => task.attachments.filter(({ kind }) => kind === 'conflict'));
  expect(conflicts.length).toBeGreaterThan(0);
  const text = gitIn(home, 'show', 'waggle/many:shared.txt').split('\n');
  expect(text.filter((line) => line.startsWith('done'))).toEqual(lines.map((_, n) => `done ${n}`));
  const signed = (text[0] ?? '').split(' ').slice(1).map(Number);
  expect(signed.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(gitIn(home, 'rev-list', '--count', 'HEAD..waggle/many')).toBe('40');
  await swarm.stop();
}, 240_000);
