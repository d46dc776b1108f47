/**
 * `waggle logs` against a real hive: what a run wrote, found by task or by agent, also while it is writing.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnyGrant, Report } from '../../schemas/index.ts';
import type { Claimer } from '../../shared/bus/claimer.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { randomId } from '../../shared/random.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { type Commands, commandsOf, type Ended, untilOutput } from './commands.ts';

let hive: TestHive;
let commands: Commands;
let bus: Bus;
let worker: Claimer;

const { signal } = new AbortController();
const run = (...args: string[]): Promise<Ended> => commands.waggle(['logs', ...args]);

beforeAll(async () => {
  hive = await startHive();
  commands = commandsOf(hive);
  bus = await hive.connect('w1');
  worker = await hive.claimer('w1', { swarm: bus });
});
afterAll(async () => {
  await commands.close();
  await hive.stop();
});

async function claimed(id: string): Promise<AnyGrant> {
  const operator = await hive.client('operator');
  const task = { id, title: id, expects: 'none' as const };
  await operator.command({ v: 1, kind: 'add', id: randomId(), tasks: [task] });
  const answer = await worker.next({ holds: [], waitMs: 5_000, signal });
  if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${answer.kind}`);
  return answer.grant;
}

async function write({ fence, run: runId }: AnyGrant, text: string): Promise<void> {
  const { payload, headers } = encode('Output', {
    v: 1,
    kind: 'output',
    fence,
    at: 1,
    offset: 0,
    stream: 'stdout',
    text,
  });
  bus.publish(subjectsOf(project).output('w1', runId), payload, headers);
  await bus.flush();
}

async function done({ fence, run: runId, task }: AnyGrant): Promise<void> {
  const report: Report = {
    v: 1,
    kind: 'done',
    id: randomId(),
    task,
    fence,
    run: runId,
    outcome: 'completed',
  };
  await worker.next({ holds: [], waitMs: 0, signal, report });
}

test('a run is followed while it writes, to its end, and printed whole afterwards', async () => {
  const grant = await claimed('alpha');
  await write(grant, 'one\n\x1b[32mtwo\x1b[0m\n');
  const following = commands.start('waggle', ['logs', 'alpha', '-f', '-n', '1']);
  expect(await untilOutput(following, 'the last line', (seen) => seen.includes('\n'))).toBe('two\n');
  const next = untilOutput(following, 'the next lines', (seen) => seen.endsWith('four\n'));
  await write(grant, 'three\n');
  await write(grant, 'four\n');
  expect(await next).toBe('three\nfour\n');
  await write(grant, 'and the last');
  await done(grant);
  const { exitCode, stdout, stderr } = await following;
  expect([exitCode, stdout, stderr]).toEqual([0, 'two\nthree\nfour\nand the last\n', '']);

  const text = 'one\ntwo\nthree\nfour\nand the last\n';
  const [whole, followed, byAgent, tail, json, other] = await Promise.all([
    run('ALP'),
    run('alpha', '-f'),
    run('@w1'),
    run('w1', '-n', '2'),
    run('alpha', '--json'),
    run('alpha', '--run', 'no-such-run'),
  ]);
  expect([whole.stdout, followed.stdout, tail.stdout]).toEqual([text, text, 'four\nand the last\n']);
  expect(byAgent.stdout).toBe(`==> run ${grant.run} <==\n${text}`);
  const chunks = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(chunks.map(({ seq, run: of, text: piece }) => [seq, of, piece])).toEqual(
    ['one\n\x1b[32mtwo\x1b[0m\n', 'three\n', 'four\n', 'and the last'].map((piece, n) => [
      n + 1,
      grant.run,
      piece,
    ]),
  );
  expect([other.code, other.stderr]).toEqual([0, 'waggle: task alpha has no run no-such-run\n']);
});

test('of several runs of a task the newest is printed, or the one that is named', async () => {
  const first = await claimed('again');
  await write(first, 'first try\n');
  const operator = await hive.client('operator');
  const report: Report = {
    v: 1,
    kind: 'released',
    id: randomId(),
    task: 'again',
    fence: first.fence,
    run: first.run,
    reason: 'drained',
  };
  const answer = await worker.next({ holds: [], waitMs: 5_000, signal, report });
  if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${answer.kind}`);
  await write(answer.grant, 'second try\n');
  await done(answer.grant);
  expect((await operator.query({ v: 1, kind: 'task', id: 'again' })).view.task.state).toBe('closed');
  const [newest, named] = await Promise.all([run('again'), run('again', '--run', first.run)]);
  expect([newest.stdout, named.stdout]).toEqual(['second try\n', 'first try\n']);
});

test('where there is nothing it says so; what nobody knows is a failure', async () => {
  const operator = await hive.client('operator');
  const tasks = [{ id: 'idle', title: 'idle', expects: 'none' as const, not_before: 9_999_999_999_999 }];
  await operator.command({ v: 1, kind: 'add', id: randomId(), tasks });
  const [idle, silent, unknown, json, usage] = await Promise.all([
    run('idle'),
    run('@nobody'),
    run('nothing'),
    run('nothing', '--json'),
    run('idle', '-n', 'x'),
  ]);
  expect([idle.code, idle.stdout, idle.stderr]).toEqual([
    0,
    '',
    'waggle: task idle has had no run yet (it is open)\n',
  ]);
  expect([silent.code, silent.stderr]).toEqual([0, 'waggle: agent nobody has no output\n']);
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    'waggle: there is no task nothing, and no agent nothing has written anything\n',
  ]);
  expect([json.code, JSON.parse(json.stdout).error]).toMatchObject([
    1,
    { code: 'refused', details: { reason: 'unknown-task' } },
  ]);
  expect(usage.code).toBe(2);
});
