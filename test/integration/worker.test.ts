import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Task, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { add, eventsOf, mailReport, stateOf, until } from '../support/asking.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { whileBusIsAway } from '../support/outages.ts';
import { gitIn, makeRepository, temporaryFolder } from '../support/repository.ts';
import { type CommandFields, roles, startSwarm, type TestSwarm } from '../support/swarm.ts';

const folder = temporaryFolder();
let hive: TestHive;
let swarm: TestSwarm;
let client: Awaited<ReturnType<TestHive['client']>>;
let count = 0;

beforeAll(async () => {
  hive = await startHive();
  const home = makeRepository(join(folder.path, 'home'), { 'a.txt': 'as it was\n', '.gitignore': 'out/\n' });
  await hive.configure({
    roles,
    policies: { ...emptyConfig.policies, max_attempts: 1 },
    lanes: { main: { home, base: 'HEAD', branch: 'waggle/main', gates: [] } },
    gates: {
      'VG-YES': { name: 'VG-YES', run: 'echo fine', timeout_ms: 60_000 },
      'VG-NO': { name: 'VG-NO', run: 'echo broken; exit 3', timeout_ms: 60_000 },
    },
  });
  client = await hive.client('operator');
  const committer = await hive.connect('committer');
  const tip = gitIn(home, 'rev-parse', 'HEAD');
  await mailReport(committer, 'committer', { v: 1, kind: 'lane', id: 'lane', lane: 'main', tip });
  swarm = await startSwarm(hive);
});
// What a test that failed left running takes no task of another.
afterEach(() => swarm.end());
afterAll(async () => {
  await swarm.stop();
  await hive.stop();
  folder.remove();
});

const sh = (script: string): CommandFields => ({ command: ['sh', '-c', script, '{prompt_file}'] });
const viewOf = async (id: string): Promise<Task> =>
  (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
/** One worker waits for a task: all of its own start is behind it. */
const isWaiting = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).waiting.task === 1;
const isUnderWay = ({ state }: Task) => state === 'open' || state === 'claimed';

/** Runs one task with one worker, to the end of the run. */
async function run(profile: CommandFields, spec: Partial<TaskSpec> = {}): Promise<Task> {
  count += 1;
  const id = `t-${count}`;
  const worker = await swarm.worker(`w-${count}`, profile);
  await add(client, { id, title: `Task ${count}`, lane: 'main', ...spec });
  await until(`${id} has been worked on`, async () => !isUnderWay(await viewOf(id)));
  await worker.drain();
  return viewOf(id);
}

describe('a run fails, with the reason', () => {
  const failure = ({ attachments }: Task) =>
    attachments.map(({ kind, text }) => `${kind}: ${text}`).join('\n');

  test('when the harness is missing', async () => {
    const task = await run({ command: ['no-such-harness'] });
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'env_failed' });
    expect(failure(task)).toMatch(/failure: cannot start no-such-harness: /);
  });

  test('when it exits with another code than 0', async () => {
    const task = await run(sh('echo one; echo two >&2; exit 7'));
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'crashed' });
    expect(failure(task)).toMatch(/the harness ended with exit code 7: two/);
    expect(failure(task)).toMatch(/one\ntwo/);
  });

  test('when it runs for too long', async () => {
    const task = await run({ ...sh('while :; do echo on; sleep 0.05; done'), timeoutMs: 300 });
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'timed_out' });
    expect(failure(task)).toMatch(/the harness ran longer than 300ms/);
  });

  test('when it is silent for too long', async () => {
    const task = await run({ ...sh('echo begun; sleep 60'), silenceMs: 300 });
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'timed_out' });
    expect(failure(task)).toMatch(/the harness gave no output for 300ms/);
  });

  test('when it leaves the tree in the middle of a merge, and the tree is kept', async () => {
    const conflict = [
      'git config user.name x; git config user.email x@y',
      'git checkout -q -b other; echo theirs > a.txt; git commit -qam theirs',
      'git checkout -q --detach HEAD~1; echo ours > a.txt; git commit -qam ours',
      'git merge -q other || true',
    ].join('; ');
    const task = await run(sh(conflict));
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'crashed' });
    expect(failure(task)).toMatch(/the tree was left in the middle of a merge \(a.txt\)/);
    const tree = join(swarm.folder, `w-${count}`, 'work', task.last_end?.run ?? '');
    expect(readFileSync(join(tree, 'a.txt'), 'utf8')).toContain('<<<<<<<');
  });

  test('when it changes nothing though the task expects a change', async () => {
    const task = await run(sh('true'));
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'no_change', attempts: 1 });
    expect(failure(task)).toMatch(/without a change, and the task expects one/);
  });

  test('when it only leaves files that git ignores', async () => {
    const task = await run(sh('mkdir out; echo x > out/file'));
    expect(task).toMatchObject({ state: 'failed', last_outcome: 'no_change' });
  });

  test('when a gate of a task without a change is red', async () => {
    const task = await run(sh('true'), { expects: 'none', gates: ['VG-YES', 'VG-NO'] });
    expect(task.state).toBe('failed');
    expect(failure(task)).toMatch(/gate: required gates are not green: VG-NO\nbroken/);
  });
});

describe('what a task expects', () => {
  test('a change is submitted', async () => {
    const task = await run(sh('echo new > a.txt'));
    expect(task).toMatchObject({ state: 'submitted', submission: { agent: `w-${count}` } });
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${task.id}`, task: task.id });
  });

  test('none: it closes on its report, and says what was left behind', async () => {
    expect(await run(sh('true'), { expects: 'none' })).toMatchObject({
      state: 'closed',
      closing: { how: 'reported', by: `w-${count}` },
    });
    const changed = await run(sh('echo new > a.txt; echo b > b.txt'), { expects: 'none', lane: 'main' });
    expect(changed).toMatchObject({
      state: 'closed',
      closing: { note: 'left 2 changed files behind, none was expected' },
    });
  });

  test('any: with a change it is submitted, without one it closes', async () => {
    const changed = await run(sh('echo any > a.txt'), { expects: 'any' });
    expect(changed.state).toBe('submitted');
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${changed.id}`, task: changed.id });
    expect(await run(sh('true'), { expects: 'any' })).toMatchObject({
      state: 'closed',
      last_outcome: 'no_change',
    });
  });

  test('green gates of a task without a change are its evidence', async () => {
    const task = await run(sh('true'), { expects: 'none', gates: ['VG-YES'] });
    expect(task).toMatchObject({
      state: 'closed',
      closing: { evidence: [{ gate: 'VG-YES', status: 'green', exit_code: 0 }] },
    });
  });
});

describe('what a harness is given', () => {
  const said = async (agent: string): Promise<string> => {
    const reader = createReader(await hive.connect('reader'), project, 'reader');
    const { chunks } = await reader.output({ agent, after: 0 });
    return chunks.map(({ text }) => text).join('');
  };

  test('the prompt: the body as it stands, then what earlier tries left', async () => {
    count += 1;
    const id = `t-${count}`;
    const first = await swarm.worker(`w-${count}`, sh('echo no >&2; exit 1'));
    await add(client, { id, title: 'T', body: 'Do this.\n\n- exactly\n', expects: 'none', max_attempts: 2 });
    await until('a try failed', async () => (await viewOf(id)).attempts === 1);
    await first.drain();
    await client.command({ v: 1, kind: 'retry', id: `retry-${id}`, task: id });
    const second = await swarm.worker(`w-${count}-b`, sh('cat "$0"'));
    await until('it is done', async () => (await stateOf(client, id)) === 'closed');
    await second.drain();
    expect(await said(`w-${count}-b`)).toMatch(
      /^Do this.\n\n- exactly\n\n\n## An earlier try failed\n\nthe harness ended with exit code 1: no\nno\n/,
    );
  });

  test('its identity and the allowed names, nothing else of the environment of the worker', async () => {
    process.env['SECRET_TOKEN'] = 'leaked';
    process.env['PROVIDER_KEY'] = 'wanted';
    try {
      const profile = { ...sh('env'), env: ['PROVIDER_*'], set: { COLOUR: 'blue', WAGGLE_TASK: 'forged' } };
      const task = await run(profile, { expects: 'none', title: 'only a title' });
      const env = new Map(
        (await said(`w-${count}`)).split('\n').map((line) => line.split('=', 2) as [string, string]),
      );
      expect(Object.fromEntries(env)).toMatchObject({
        WAGGLE_PROJECT: project,
        WAGGLE_TASK: task.id,
        WAGGLE_FENCE: String(task.last_end?.fence),
        WAGGLE_RUN: task.last_end?.run,
        FMAIL_AGENT: `w-${count}`,
        FMAIL_PROJECT: project,
        PROVIDER_KEY: 'wanted',
        COLOUR: 'blue',
      });
      const allowed = /^(PATH|HOME|LANG|LC_.*|TERM|TMPDIR|USER|SHELL|PWD|OLDPWD|SHLVL|_)$/;
      const given = /^(WAGGLE_(PROJECT|TASK|FENCE|RUN|SOCKET)|FMAIL_(AGENT|PROJECT)|PROVIDER_KEY|COLOUR)$/;
      const names = [...env.keys()].filter((name) => /^[A-Z_]+$/.test(name));
      expect(names.filter((name) => !allowed.test(name) && !given.test(name))).toEqual([]);
    } finally {
      delete process.env['SECRET_TOKEN'];
      delete process.env['PROVIDER_KEY'];
    }
  });
});

describe('a run that is cut short', () => {
  /** Starts a worker on a task whose harness writes its pid and runs on. */
  async function running(
    drainMs?: number,
    script = 'echo $$ > "$0.pid"; exec sleep 60',
    spec: Partial<TaskSpec> = { expects: 'none' },
  ) {
    count += 1;
    const id = `t-${count}`;
    const name = `w-${count}`;
    const worker = await swarm.worker(name, sh(script), drainMs);
    await add(client, { id, title: 'Long', ...spec });
    const runs = join(swarm.folder, name, 'runs');
    const pidFile = await until('the harness runs', () => {
      const [run] = existsSync(runs) ? readdirSync(runs) : [];
      const file = join(runs, run ?? '', 'prompt.md.pid');
      return run !== undefined && existsSync(file) && readFileSync(file, 'utf8').endsWith('\n') && file;
    });
    return { id, name, worker, pidFile, pid: Number(readFileSync(pidFile, 'utf8')) };
  }
  /** A script that writes its pid, and then waits until `letEnd` is called. */
  const heldUntilLet = 'echo $$ > "$0.pid"; until [ -e "$0.pid.end" ]; do sleep 0.02; done';
  const letEnd = (pidFile: string) => writeFileSync(`${pidFile}.end`, '');
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('cancelling the task ends the harness within five seconds, and the worker goes on', async () => {
    const { id, worker, pid } = await running();
    const asked = performance.now();
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
    await until('the harness is gone', () => !isAlive(pid), 5_000);
    expect(performance.now() - asked).toBeLessThan(5_000);
    expect(await stateOf(client, id)).toBe('cancelled');
    const next = await (async () => {
      count += 1;
      await add(client, { id: `t-${count}`, title: 'Next', expects: 'none' });
      return `t-${count}`;
    })();
    await until('the worker has the next', async () => (await stateOf(client, next)) === 'claimed');
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${next}`, task: next });
    await worker.drain();
  });

  test('a drain lets the run in hand finish', async () => {
    const { id, worker } = await running(10_000, 'echo $$ > "$0.pid"; sleep 0.4');
    await worker.drain();
    expect(await stateOf(client, id)).toBe('closed');
  });

  test('a drain that takes too long gives the task back, uncounted, and leaves no harness', async () => {
    const { id, worker, pid } = await running(200);
    await worker.drain();
    expect(isAlive(pid)).toBe(false);
    expect(await viewOf(id)).toMatchObject({
      state: 'open',
      attempts: 0,
      losses: 0,
      last_end: { why: 'released' },
    });
    await client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
  });

  test('a drained worker is granted nothing afterwards', async () => {
    count += 1;
    const worker = await swarm.worker(`w-${count}`, sh('true'));
    await until('it waits', isWaiting);
    await worker.drain();
    const status = await client.query<'status'>({ v: 1, kind: 'status' });
    expect(status.waiting.task).toBe(0);
    await add(client, { id: `t-${count}`, title: 'Late', expects: 'none' });
    expect(await stateOf(client, `t-${count}`)).toBe('open');
    await client.command({ v: 1, kind: 'cancel', id: `cancel-t-${count}`, task: `t-${count}` });
  });

  test('a bus that is away in the middle of a run loses nothing of it', async () => {
    const { id, worker, pidFile } = await running(undefined, `${heldUntilLet}; echo done`);
    const output = join(dirname(pidFile), 'output.log');
    await whileBusIsAway(hive, async () => {
      // The harness ends while nobody can be told.
      letEnd(pidFile);
      await until('the harness has ended', () => readFileSync(output, 'utf8').includes('done'));
    });
    await until('its report has arrived', async () => (await stateOf(client, id)) === 'closed');
    const ends = (await eventsOf(client)).filter(
      (event) => event.type === 'grant_ended' && event.task === id,
    );
    expect(ends).toHaveLength(1);
    await worker.drain();
  });

  test('a change that is finished while the bus is away is submitted when it is back', async () => {
    const script = `echo away > a.txt; ${heldUntilLet}`;
    const { id, worker, pidFile } = await running(undefined, script, { lane: 'main' });
    const bundle = join(dirname(pidFile), 'change.bundle');
    await whileBusIsAway(hive, async () => {
      letEnd(pidFile);
      await until('the change is bundled', () => existsSync(bundle));
    });
    await until('it is submitted', async () => (await stateOf(client, id)) === 'submitted');
    expect(await viewOf(id)).toMatchObject({ attempts: 0, losses: 0 });
    await worker.drain();
  });

  test('a second worker on the same state directory is refused', async () => {
    count += 1;
    const worker = await swarm.worker(`w-${count}`, sh('true'));
    await until('it waits', isWaiting);
    const second = await swarm.worker(`w-${count}`, sh('true'));
    await expect(second.drain()).rejects.toMatchObject({ code: 'state-locked' });
    await worker.drain();
  });
});

test('a worker that cannot keep the end of a run loses that grant alone, and rests', async () => {
  count += 1;
  const [id, name] = [`t-${count}`, `w-${count}`];
  const state = join(swarm.folder, name);
  const worker = await swarm.worker(name, sh('echo new > b.txt'));
  await until('it waits', isWaiting);
  // As on a disk that is full: no report can be written, nor anything else of that size.
  rmSync(join(state, 'outbox'), { recursive: true });
  writeFileSync(join(state, 'outbox'), '');
  mkdirSync(join(state, 'disk-check'));
  await add(client, { id, title: 'Not kept', lane: 'main' });
  const reader = createReader(await hive.connect('reader'), project, 'reader');
  await until('it rests', async () => {
    const { beats } = await reader.beats();
    return beats.find(({ agent }) => agent === name)?.beat.state === 'resting';
  });
  const grants = (await eventsOf(client)).filter((event) => event.type === 'granted' && event.task === id);
  expect(grants).toHaveLength(1);
  await worker.drain();
  await client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
});
