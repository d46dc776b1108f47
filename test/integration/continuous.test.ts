import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { EventOf, RunRecord } from '../../schemas/index.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { compileStop } from '../../shared/config/stop-rules.ts';
import { add, eventsOf, until } from '../support/asking.ts';
import { cancelAll } from '../support/left-tasks.ts';
import { project } from '../support/orchestrator.ts';
import { gitIn } from '../support/repository.ts';
import { type SocketRuns, startSocketRuns } from '../support/socket-runs.ts';
import type { RunningWorker } from '../support/swarm.ts';

/** Does each task by writing a file of its name into the task's own tree, and takes the next until there is none. */
const GOES_ON = `
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
const [wait] = process.argv.slice(2);
const socket = connect(process.env.WAGGLE_SOCKET);
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
const ask = async (cmd, args = {}) => {
  socket.write(JSON.stringify({ cmd, args }) + '\\n');
  const answer = JSON.parse((await lines.next()).value);
  console.log(JSON.stringify({ cmd, ...answer }));
  return answer;
};
let { result: task } = await ask('task.current');
for (;;) {
  const { body = '' } = task;
  if (body.includes('too early')) await ask('task.next');
  if (body.includes('wait')) while (!existsSync(wait)) await new Promise((go) => setTimeout(go, 20));
  if (body.includes('stuck')) await ask('task.block', { reason: 'no key' });
  else {
    if (!body.includes('nothing')) writeFileSync(join(task.worktree, task.task + '.txt'), task.task);
    await ask('task.done', { note: 'wrote ' + task.task });
  }
  const { ok, result } = await ask('task.next');
  if (!ok || result === undefined || result === null) break;
  task = result;
}
if (process.argv[3] === 'linger') setInterval(() => {}, 1000);
else socket.destroy();
`;

/** Does one task, asks twice at once for the next, and is gone when the first answer comes. */
const IMPATIENT = `
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
const speaker = () => {
  const socket = connect(process.env.WAGGLE_SOCKET);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return async (cmd, args = {}) => {
    socket.write(JSON.stringify({ cmd, args }) + '\\n');
    return JSON.parse((await lines.next()).value);
  };
};
const [one, other] = [speaker(), speaker()];
const { result: task } = await one('task.current');
writeFileSync(join(task.worktree, task.task + '.txt'), task.task);
await one('task.done');
console.log(JSON.stringify(await Promise.race([one('task.next'), other('task.next')])));
process.exit(0);
`;

let runs: SocketRuns;
let script: string;
let count = 0;
let running: RunningWorker;

beforeAll(async () => {
  runs = await startSocketRuns();
  script = join(runs.folder, 'goes-on.mjs');
  writeFileSync(script, GOES_ON);
  await runs.swarm.committer();
});
afterEach(async () => {
  await cancelAll(runs.client);
  await runs.swarm.endWorkers();
});
afterAll(() => runs.stop());

async function worker(more: readonly string[] = [], waitFile = '/nonexistent'): Promise<string> {
  count += 1;
  const agent = `go-${count}`;
  const command = ['node', script, waitFile, ...more];
  // Who lingers is waited for as long as a drain may take.
  const drainMs = more.includes('linger') ? 5_000 : 30_000;
  running = await runs.swarm.worker(agent, { command }, drainMs, { mode: 'continuous' });
  return agent;
}
const done = () => running.drain();
const isOver = (id: string) => async () =>
  ['closed', 'blocked', 'failed'].includes((await runs.view(id)).state);
const runsOf = async (agent: string): Promise<RunRecord[]> =>
  (await runs.client.query<'runs'>({ v: 1, kind: 'runs', agent })).runs.reverse();
/** Of the harness that began with that run; empty: none did. */
function outputOf(folder: string, run: string): string {
  const file = join(folder, run, 'output.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
/** The harness of that agent has the task: a grant that has not reached its worker yet would go back unused. */
const hasInHand = (agent: string, task: string) => () => {
  const folder = join(runs.swarm.folder, agent, 'runs');
  return (
    existsSync(folder) &&
    readdirSync(folder).some((run) => outputOf(folder, run).includes(`"task":"${task}"`))
  );
};
const lane = { lane: 'main', expects: 'change' } as const;

describe('a harness that goes on from task to task', () => {
  test('does each in a tree, with a grant and a record of its own, and each is committed once', async () => {
    const ids = ['c-1', 'c-2', 'c-3'];
    await add(runs.client, ...ids.map((id) => ({ id, title: id, ...lane })));
    const agent = await worker();
    for (const id of ids) await until(`${id} is over`, isOver(id));
    await done();
    const records = await runsOf(agent);
    expect(records.map(({ task, outcome }) => [task, outcome])).toEqual(ids.map((id) => [id, 'completed']));
    expect(new Set(records.map(({ run }) => run)).size).toBe(3);
    for (const { task, mode, usage, harness } of records) {
      expect({ task, mode, harness }).toEqual({ task, mode: 'continuous', harness: 'command' });
      expect(usage?.duration_ms).toBeGreaterThan(0);
      const home = join(runs.folder, 'home');
      const found = gitIn(home, 'log', '--format=%H', `--grep=Waggle-Task: ${task}`, 'waggle/main').split(
        '\n',
      );
      expect(found).toHaveLength(1);
      expect(gitIn(home, 'show', '--format=', '--name-only', found[0] ?? '')).toBe(`${task}.txt`);
    }
    // One process did them all.
    const grants = (await eventsOf(runs.client)).filter(
      (event): event is EventOf<'granted'> => event.type === 'granted' && event.grant.agent === agent,
    );
    expect(grants).toHaveLength(3);
    const folder = join(runs.swarm.folder, agent, 'runs');
    expect(readdirSync(folder).filter((run) => outputOf(folder, run) !== '')).toHaveLength(1);
    expect(readdirSync(join(runs.swarm.folder, agent, 'work'))).toEqual([]);
  });

  test('may give one up, and takes the next', async () => {
    await add(
      runs.client,
      { id: 's-1', title: 's-1', body: 'stuck', ...lane },
      { id: 's-2', title: 's-2', ...lane },
    );
    await worker();
    for (const id of ['s-1', 's-2']) await until(`${id} is over`, isOver(id));
    await done();
    expect(await runs.view('s-1')).toMatchObject({ state: 'blocked', blocked_reason: 'no key' });
    expect((await runs.view('s-2')).state).toBe('closed');
  });

  test('must say of a task that it is over before it takes another', async () => {
    await add(runs.client, { id: 'e-1', title: 'e-1', body: 'too early', ...lane });
    const agent = await worker();
    await until('e-1 is over', isOver('e-1'));
    await done();
    expect((await runs.view('e-1')).state).toBe('closed');
    const [record] = await runsOf(agent);
    const output = readFileSync(
      join(runs.swarm.folder, agent, 'runs', record?.run ?? '', 'output.log'),
      'utf8',
    );
    const early = output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .find(({ cmd }) => cmd === 'task.next');
    expect(early).toMatchObject({ ok: false, error: { cause: { code: 'refused:task-in-hand' } } });
    expect(early.error.message).toContain('waggle task done');
  });

  test('whose task is taken away is ended, and the next one begins anew', async () => {
    const go = join(runs.folder, 'go-on-1');
    await add(
      runs.client,
      { id: 'k-1', title: 'k-1', priority: 'P0', ...lane },
      { id: 'k-2', title: 'k-2', priority: 'P1', body: 'wait', ...lane },
      { id: 'k-3', title: 'k-3', priority: 'P2', ...lane },
    );
    const agent = await worker([], go);
    await until('the harness has k-2 in hand', hasInHand(agent, 'k-2'));
    await runs.client.command({ v: 1, kind: 'cancel', id: 'cancel-k-2', task: 'k-2' });
    await until('k-3 is over', isOver('k-3'));
    writeFileSync(go, '');
    await done();
    expect((await runs.view('k-2')).state).toBe('cancelled');
    const folder = join(runs.swarm.folder, agent, 'runs');
    expect(readdirSync(folder).filter((run) => outputOf(folder, run) !== '')).toHaveLength(2);
  });

  test('that is drained gets no other task, and what it has is finished', async () => {
    const go = join(runs.folder, 'go-on-2');
    await add(
      runs.client,
      { id: 'd-1', title: 'd-1', priority: 'P0', body: 'wait', ...lane },
      { id: 'd-2', title: 'd-2', priority: 'P1', ...lane },
    );
    const agent = await worker([], go);
    await until('d-1 is in hand', hasInHand(agent, 'd-1'));
    const leaving = done();
    writeFileSync(go, '');
    await leaving;
    await until('d-1 is committed', isOver('d-1'));
    expect((await runs.view('d-1')).state).toBe('closed');
    expect((await runs.view('d-2')).state).toBe('open');
    await runs.client.command({ v: 1, kind: 'cancel', id: 'cancel-d-2', task: 'd-2' });
  });

  test('gets no other task once a stop rule is met, and its worker leaves', async () => {
    await add(
      runs.client,
      { id: 'r-1', title: 'r-1', priority: 'P0', ...lane },
      { id: 'r-2', title: 'r-2', priority: 'P1', ...lane },
      { id: 'r-3', title: 'r-3', priority: 'P2', ...lane },
    );
    const stop = compileStop({ quantitative: { run: 'true', every: 2, when: 'after', exit_codes: [0] } })!;
    const last = await runs.swarm.worker('go-stop', { command: ['node', script, ''] }, 5_000, {
      mode: 'continuous',
      stop,
    });
    await last.done;
    for (const id of ['r-1', 'r-2']) await until(`${id} is committed`, isOver(id));
    expect((await runs.view('r-3')).state).toBe('open');
    expect((await runsOf('go-stop')).map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
    await runs.client.command({ v: 1, kind: 'cancel', id: 'cancel-r-3', task: 'r-3' });
  });

  test('that goes on without a task is ended at once by a kill', async () => {
    await add(runs.client, { id: 'l-1', title: 'l-1', ...lane });
    const agent = await worker(['linger']);
    const folder = join(runs.swarm.folder, agent, 'runs');
    const asked = () =>
      readdirSync(folder).some((run) => outputOf(folder, run).includes('"cmd":"task.done","ok":true'));
    await until('it has no task', async () => existsSync(folder) && asked() && (await isOver('l-1')()));
    const begun = performance.now();
    const bus = await runs.hive.connect('operator');
    const subject = subjectsOf(project).request('control', agent);
    const kill = { v: 1, kind: 'kill', reason: 'enough' } as const;
    await call(bus, subject, ['Control', kill], 'ControlAnswer', { timeoutMs: 5_000 });
    await running.done;
    // Not after the minute that it may linger.
    expect(performance.now() - begun).toBeLessThan(40_000);
  });

  test('that goes on without a task is ended when the time of a drain is over', async () => {
    await add(runs.client, { id: 'l-2', title: 'l-2', ...lane });
    await worker(['linger']);
    await until('it has no task', isOver('l-2'));
    const begun = performance.now();
    await done();
    expect(performance.now() - begun).toBeLessThan(40_000);
  });

  test('that is paused when it has handed in a task: that is told at once, not at its end', async () => {
    const go = join(runs.folder, 'go-on-3');
    await add(runs.client, { id: 'q-1', title: 'q-1', body: 'wait', ...lane });
    const agent = await worker(['linger'], go);
    await until('q-1 is in hand', hasInHand(agent, 'q-1'));
    const bus = await runs.hive.connect('operator');
    const subject = subjectsOf(project).request('control', agent);
    await call(bus, subject, ['Control', { v: 1, kind: 'pause' }], 'ControlAnswer', { timeoutMs: 5_000 });
    writeFileSync(go, '');
    await until('q-1 is committed', isOver('q-1'));
    await done();
  });

  test('leaves no tree behind for a task whose prompt cannot be read', async () => {
    const prompts = join(runs.folder, 'prompts');
    // A folder in a file's place.
    mkdirSync(join(prompts, 'context.md'), { recursive: true });
    await add(runs.client, { id: 'u-1', title: 'u-1', ...lane });
    const command = ['node', script, ''];
    const one = await runs.swarm.worker('go-unread', { command }, 5_000, {
      mode: 'continuous',
      promptsFolder: prompts,
    });
    await until('u-1 is over', isOver('u-1'));
    await one.drain();
    expect(await runs.view('u-1')).toMatchObject({ state: 'failed', last_outcome: 'env_failed' });
    expect(readdirSync(join(runs.swarm.folder, 'go-unread', 'work'))).toEqual([]);
  });

  test('asks once at a time, and takes no task with it when it ends while it waits for one', async () => {
    const impatient = join(runs.folder, 'impatient.mjs');
    writeFileSync(impatient, IMPATIENT);
    const one = await runs.swarm.worker('go-away', { command: ['node', impatient] }, 5_000, {
      mode: 'continuous',
    });
    for (const id of ['x-1', 'x-2', 'x-3']) {
      await add(runs.client, { id, title: id, ...lane });
      await until(`${id} is over`, isOver(id), 30_000);
      expect(await runs.view(id)).toMatchObject({ state: 'closed', attempts: 0, losses: 0 });
    }
    await one.drain();
    const folder = join(runs.swarm.folder, 'go-away', 'runs');
    const said = readdirSync(folder).map((run) => outputOf(folder, run));
    expect(said.filter((text) => text.includes('refused:busy'))).toHaveLength(3);
    expect(readdirSync(join(runs.swarm.folder, 'go-away', 'work'))).toEqual([]);
  });
});
