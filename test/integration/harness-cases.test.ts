/**
 * What a worker makes of the ends of known harnesses, on a real bus with a real committer. The harnesses are doubles that
 * play what the real programs once printed; `npm run test:harness` drives the real ones through the same cases.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BoardConfig, HarnessName, RunRecord, Task, TaskSpec } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { call } from '../../shared/bus/rpc.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { commandProfile, type HarnessProfile } from '../../shared/harness/profile.ts';
import { randomId } from '../../shared/random.ts';
import { add, eventsOf, until } from '../support/asking.ts';
import { processesMarked } from '../support/fake-harness-watch.ts';
import { doubleIn } from '../support/harness-doubles/doubles.ts';
import { cancelAll } from '../support/left-tasks.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { gitIn, makeRepository, temporaryFolder } from '../support/repository.ts';
import { type RunningWorker, roles, startSwarm, type TestSwarm } from '../support/swarm.ts';

const HARNESSES = ['claude', 'codex', 'opencode', 'pi'] as const satisfies HarnessName[];
type Name = (typeof HARNESSES)[number];
/** Of each. */
const CASES = 7;

const folder = temporaryFolder('waggle-cases-');
let hive: TestHive;
let swarm: TestSwarm;
let client: BoardClient;
let reader: Reader;
let home: string;
let n = 0;
const lanes: BoardConfig['lanes'] = {};

beforeAll(async () => {
  hive = await startHive();
  home = makeRepository(join(folder.path, 'home'), { 'a.txt': 'as it was\n' });
  client = await hive.client('operator');
  reader = createReader(await hive.connect('reader'), project, 'reader');
  swarm = await startSwarm(hive);
  for (const name of HARNESSES) doubleIn(folder.path, name);
  // The doubles make the same change each time: it is one only on a branch that has none yet.
  for (let lane = 1; lane <= HARNESSES.length * CASES; lane += 1) {
    lanes[`lane-${lane}`] = { home, base: 'HEAD', branch: `waggle/lane-${lane}`, gates: [] };
  }
  await configure([]);
  await swarm.committer();
});
afterAll(async () => {
  await swarm.stop();
  await hive.stop();
  folder.remove();
});
beforeEach(() => {
  n += 1;
});
afterEach(async () => {
  await cancelAll(client);
  await swarm.endWorkers();
});

const configure = (members: readonly string[]) =>
  hive.configure({
    roles,
    policies: { ...emptyConfig.policies, max_attempts: 1, lease_ms: 2_000 },
    lanes,
    ...(members.length === 0 ? {} : { pools: { all: { strategy: 'round_robin', profiles: [...members] } } }),
  });

/** A profile of that harness, whose double plays `kase` unless the prompt says otherwise. */
function doubled(harness: Name, kase = 'edit', more: Partial<HarnessProfile> = {}): HarnessProfile {
  const account = join(folder.path, `account-${harness}`);
  mkdirSync(account, { recursive: true });
  return commandProfile({
    command: [],
    harness,
    program: join(folder.path, harness),
    account,
    set: { DOUBLE_CASE: kase },
    startMs: 20_000,
    timeoutMs: 60_000,
    ...more,
  });
}

async function worker(profiles: Readonly<Record<string, HarnessProfile>>): Promise<RunningWorker> {
  const members = Object.keys(profiles);
  await configure(members);
  const more = {
    profiles: new Map(Object.entries(profiles)),
    ...(members.length > 1 ? { pool: 'all' } : {}),
  };
  return swarm.worker(`w-${n}`, { command: ['true'] }, 5_000, more);
}

const addTask = (more: Partial<TaskSpec> = {}) =>
  add(client, { id: `t-${n}`, title: `Task ${n}`, body: 'Do it.', lane: `lane-${n}`, ...more });
const task = async (): Promise<Task> =>
  (await client.query<'task'>({ v: 1, kind: 'task', id: `t-${n}` })).view.task;
const untilTask = (what: string, isSo: (now: Task) => boolean) =>
  until(what, async () => {
    const now = await task();
    return isSo(now) && now;
  });
const runsOf = async (): Promise<RunRecord[]> => {
  const { runs } = await client.query<'runs'>({ v: 1, kind: 'runs', task: `t-${n}` });
  return runs.filter(({ kind }) => kind === 'work').reverse();
};
const profileOf = async (name: string) =>
  (await client.query<'profiles'>({ v: 1, kind: 'profiles' })).profiles.find((one) => one.name === name);
const inbox = async (): Promise<string[]> => {
  const target = { kind: 'agent', name: 'orchestrator' } as const;
  const { mails } = await reader.mail({ target, last: 100 });
  return mails.flatMap(({ mail }) => (mail.kind === 'message' ? [mail.body ?? ''] : []));
};

describe.each(HARNESSES)('%s', (name) => {
  test('does its task: the change is committed, and its record tells what it used and was told', async () => {
    const running = await worker({ [`p-${n}`]: doubled(name) });
    await addTask();
    await untilTask('it is committed', ({ state }) => state === 'closed');
    await running.drain();
    const [run] = await runsOf();
    expect(run).toMatchObject({
      outcome: 'completed',
      harness: name,
      mode: 'single-task',
      profile: `p-${n}`,
    });
    expect(run?.session).toMatch(/\S/);
    expect(run?.prompt_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(run?.usage?.input_tokens).toBeGreaterThan(0);
    expect(run?.usage?.output_tokens).toBeGreaterThan(0);
    expect(
      gitIn(home, 'log', '-1', '--format=%(trailers:key=Waggle-Task,valueonly)', `waggle/lane-${n}`).trim(),
    ).toBe(`t-${n}`);
    const { usage, runs } = (await profileOf(`p-${n}`)) ?? {};
    expect({ usage, runs }).toEqual({ usage: run?.usage, runs: 1 });
    const ledger = readFileSync(join(swarm.folder, `w-${n}`, 'ledger.md'), 'utf8');
    const { input_tokens = 0, output_tokens = 0 } = run?.usage ?? {};
    expect(ledger).toContain(`- harness: ${name}\n`);
    expect(ledger).toContain(`- tokens: ${input_tokens + output_tokens}\n`);
    const recorded = (await eventsOf(client)).find(
      (event) => event.type === 'run_recorded' && event.task === `t-${n}`,
    );
    const { note } = recorded?.type === 'run_recorded' ? recorded : {};
    expect(note?.prompts?.map(({ part }) => part)).toEqual(['task', 'protocol']);
    expect(note?.evidence?.length).toBeGreaterThan(0);
  });

  test('at a rate limit rests for the whole fleet; another profile does the task, and no attempt is spent', async () => {
    const before = systemClock.now();
    const running = await worker({
      [`limited-${n}`]: doubled(name, 'rate-limit'),
      [`free-${n}`]: doubled(name === 'claude' ? 'codex' : 'claude'),
    });
    await addTask();
    await untilTask('it is committed', ({ state }) => state === 'closed');
    await running.drain();
    expect(await task()).toMatchObject({ attempts: 0, losses: 0 });
    expect((await runsOf()).map(({ profile, outcome }) => [profile, outcome])).toEqual([
      [`limited-${n}`, 'rate_limited'],
      [`free-${n}`, 'completed'],
    ]);
    const cooled = (await eventsOf(client)).find(
      (event) => event.type === 'profile_cooled' && event.profile === `limited-${n}`,
    );
    expect(cooled?.type === 'profile_cooled' && cooled.until).toBeGreaterThan(before);
  });

  test('that is not logged in is stopped, and people are told; resumed, it does the task', async () => {
    const profile = `locked-${n}`;
    const running = await worker({ [profile]: doubled(name, 'auth') });
    await addTask();
    await until('its profile is stopped', async () => (await profileOf(profile))?.stopped);
    expect(await untilTask('it is open', ({ state }) => state === 'open')).toMatchObject({ attempts: 0 });
    await until('people are told', async () =>
      (await inbox()).some((text) => text.includes(`profile ${profile} stopped`)),
    );
    await running.drain();
    const mended = await worker({ [profile]: doubled(name) });
    const resume = { v: 1, kind: 'profile', id: randomId(), profile, action: 'resume' } as const;
    expect((await client.command(resume)).status).toBe('ok');
    await untilTask('it is committed', ({ state }) => state === 'closed');
    await mended.drain();
  });

  test('that stalls is ended with its whole group, and its tree is kept', async () => {
    const running = await worker({ [`p-${n}`]: doubled(name, 'stall', { silenceMs: 500, graceMs: 200 }) });
    await addTask();
    const failed = await untilTask('it has failed', ({ state }) => state === 'failed');
    await running.drain();
    expect(failed).toMatchObject({ last_outcome: 'timed_out', attempts: 1 });
    expect(await processesMarked(`WAGGLE_RUN=${failed.last_end?.run}`)).toEqual([]);
    const [run] = await runsOf();
    expect(run?.because).toMatch(/no output for/);
  });

  test('that asks nobody is answered by a person, and the next run is told the answer', async () => {
    const running = await worker({ [`p-${n}`]: doubled(name, 'question') });
    await addTask();
    const blocked = await untilTask('it waits for somebody', ({ state }) => state === 'blocked');
    expect(blocked).toMatchObject({ last_outcome: 'needs_input', attempts: 0 });
    expect(blocked.blocked_reason).toContain('?');
    await until('people are told', async () =>
      (await inbox()).some((text) => text.includes(`t-${n} needs input`) && text.includes('?')),
    );
    const text = 'The second one.\n\nDOUBLE: edit';
    await client.command({ v: 1, kind: 'answer', id: randomId(), task: `t-${n}`, text });
    const closed = await untilTask('it is committed', ({ state }) => state === 'closed');
    await running.drain();
    const run = (await runsOf()).at(-1)?.run ?? '';
    const prompt = readFileSync(join(swarm.folder, `w-${n}`, 'runs', run, 'prompt.md'), 'utf8');
    expect(prompt).toContain('## Answer to your question\n\nThe second one.');
    expect(closed.attempts).toBe(0);
  });

  test('is steered while it works: told at once, in its conversation, and done by the same grant', async () => {
    const running = await worker({ [`p-${n}`]: doubled(name, 'stall', { graceMs: 200 }) });
    await addTask();
    const bus = await hive.connect('operator');
    const steer = { v: 1, kind: 'steer', id: randomId(), text: 'Turn left.\n\nDOUBLE: edit' } as const;
    const { grant } = await untilTask('it is in hand', ({ state }) => state === 'claimed');
    // What comes before that stands in its prompt.
    await until(
      'its harness runs',
      async () => (await processesMarked(`WAGGLE_RUN=${grant?.run}`)).length > 0,
    );
    const subject = subjectsOf(project).request('control', `w-${n}`);
    const answer = await until('it can be told', async () => {
      const said = await call(bus, subject, ['Control', { ...steer, id: randomId() }], 'ControlAnswer', {
        timeoutMs: 20_000,
      });
      if (said.applied === 'now') return said;
      // What comes before it can be told is kept for the next run, and of that only so much is.
      await systemClock.sleep(250);
      return undefined;
    });
    expect(answer).toMatchObject({ status: 'done', applied: 'now' });
    await untilTask('it is committed', ({ state }) => state === 'closed');
    await running.drain();
    const runs = await runsOf();
    expect(runs.map(({ outcome }) => outcome)).toEqual(['completed']);
  });

  test('that does not come up is told of with what it complained, and rests on that worker', async () => {
    const running = await worker({ [`p-${n}`]: doubled(name, 'broken') });
    await addTask({ max_attempts: 2 });
    await untilTask('it has failed once', ({ attempts }) => attempts === 1);
    const [run] = await runsOf();
    expect(run).toMatchObject({ outcome: 'env_failed' });
    const { attachments } = await task();
    expect(attachments.map(({ text }) => text).join('\n')).toContain('the configuration cannot be read');
    // It does not take the task again at once.
    await until('the worker rests', async () => {
      const { beats } = await reader.beats();
      return beats.find(({ agent }) => agent === `w-${n}`)?.beat.state === 'resting';
    });
    await running.drain();
    await client.command({ v: 1, kind: 'cancel', id: randomId(), task: `t-${n}` });
  });
});
