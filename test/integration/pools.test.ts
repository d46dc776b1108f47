import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BoardConfig, Capabilities, Claim, Control, ReportOf, StoredMail } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { encode, tryDecode } from '../../shared/bus/codec.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  add,
  claimBy,
  done,
  eventsOf,
  type Granted,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  until,
} from '../support/asking.ts';
import { anyone, place, project, startHive, type TestHive } from '../support/orchestrator.ts';

let hive: TestHive;
let client: BoardClient;
beforeEach(async () => {
  hive = await startHive();
  client = await hive.client('operator');
});
afterEach(() => hive.stop());

const setUp = (config: Partial<BoardConfig> = {}) =>
  hive.configure({
    roles: { operator: 'operator' },
    profiles: { one: {}, two: {} },
    pools: { main: { strategy: 'round_robin', profiles: ['one', 'two'] } },
    ...config,
  });

const offering = (...profiles: string[]): Capabilities => ({
  ...anyone,
  pool: 'main',
  offers: profiles.map((profile) => ({ profile, harness: 'command' })),
});

let number = 0;
async function claim(agent: string, more: Partial<Claim> = {}) {
  number += 1;
  const part = { number, slot: number, capabilities: offering('one', 'two'), ...more };
  return sendClaim(await hive.connect(agent), agent, claimBy(agent, part));
}

const grantedTo = async (agent: string, more: Partial<Claim> = {}) => {
  const grant = grantOf(await claim(agent, more));
  if (grant.kind !== 'work') throw new Error('expected work');
  return grant;
};

type Failed = ReportOf<'failed'>;
const failed = (grant: Granted, outcome: Failed['outcome'], more: Partial<Failed> = {}): Failed => ({
  ...about(grant),
  kind: 'failed',
  outcome,
  reason: 'said the provider',
  ...more,
});

const taskOf = async (id: string) => (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task;
const profileOf = async (name: string) =>
  (await client.query<'profiles'>({ v: 1, kind: 'profiles' })).profiles.find((one) => one.name === name);

/** What people find in the orchestrator inbox. */
async function inbox(): Promise<string[]> {
  const swarm = await hive.connect('reader');
  const target = { kind: 'agent', name: 'orchestrator' } as const;
  const { mails } = await createReader(swarm, project, 'reader').mail({ target, after: 0 });
  return mails.flatMap(({ mail }: StoredMail) => (mail.kind === 'message' ? [mail.body ?? ''] : []));
}

test('one rate limit rests its profile for every worker, the task goes on with the other, and the end is kept', async () => {
  await setUp();
  await add(client, plain('a'), plain('b'), plain('c'));
  const first = await grantedTo('w1');
  expect(first).toMatchObject({ task: 'a', profile: 'one' });
  const endsAt = systemClock.now() + 8_000;
  const swarm = await hive.connect('w1');
  await mailReport(swarm, 'w1', failed(first, 'rate_limited', { retry_at: endsAt }));
  await until('it rests', async () => (await profileOf('one'))?.cooldown_until === endsAt);
  expect(await taskOf('a')).toMatchObject({ state: 'open', attempts: 0 });

  // Another worker, whose turn would be the first profile's, gets the same task with the second.
  expect(await grantedTo('w2')).toMatchObject({ task: 'a', profile: 'two', attempt: 1 });
  expect(await grantedTo('w3')).toMatchObject({ task: 'b', profile: 'two' });
  const alone = offering('one');
  expect((await claim('w4', { capabilities: alone })).kind).toBe('nothing');

  // One that waits for the first is woken when the rest is over, and not before.
  const woken = await grantedTo('w5', { capabilities: alone, wait_ms: 20_000 });
  expect(woken).toMatchObject({ task: 'c', profile: 'one' });
  expect(systemClock.now()).toBeGreaterThanOrEqual(endsAt);
  const kinds = (await eventsOf(client)).filter(({ type }) => type === 'profile_cooled');
  expect(kinds).toHaveLength(1);
});

test('the next leader knows who rests and whose turn it is', async () => {
  await setUp({
    profiles: { one: {}, two: {}, three: {} },
    pools: { main: { strategy: 'round_robin', profiles: ['one', 'two', 'three'] } },
  });
  await add(client, plain('a'), plain('b'), plain('c'));
  const capabilities = offering('one', 'two', 'three');
  const first = await grantedTo('w1', { capabilities });
  const swarm = await hive.connect('w1');
  await mailReport(swarm, 'w1', failed(first, 'rate_limited', { retry_at: systemClock.now() + 600_000 }));
  await until('it rests', async () => (await profileOf('one'))?.cooldown_until !== undefined);
  await hive.restartOrchestrator();
  expect(await grantedTo('w2', { capabilities })).toMatchObject({ task: 'a', profile: 'two' });
  expect(await grantedTo('w3', { capabilities })).toMatchObject({ task: 'b', profile: 'three' });
  expect(await grantedTo('w4', { capabilities })).toMatchObject({ task: 'c', profile: 'two' });
});

test('a refused login stops its profile, people hear of it, and their word starts it again', async () => {
  await setUp();
  await add(client, plain('a'));
  const grant = await grantedTo('w1');
  const swarm = await hive.connect('w1');
  await mailReport(swarm, 'w1', failed(grant, 'auth_failed', { reason: '401' }));
  const said = 'profile one stopped: its login was refused: 401; waggle profile resume one';
  await until('the inbox says it', async () => (await inbox()).includes(said));
  expect(await profileOf('one')).toMatchObject({ stopped: true });
  expect((await claim('w2', { capabilities: offering('one') })).kind).toBe('nothing');
  const resume = { v: 1, kind: 'profile', id: 'resume', profile: 'one', action: 'resume' } as const;
  expect(await client.command(resume)).toMatchObject({ status: 'ok' });
  expect(await grantedTo('w2', { capabilities: offering('one') })).toMatchObject({ task: 'a', attempt: 1 });
});

test('caps are exact with 20 claimers in one pool', async () => {
  await setUp({
    profiles: { one: { max_concurrency: 3 }, two: { max_concurrency: 2 } },
    pools: { main: { strategy: 'least_used', profiles: ['one', 'two'] } },
  });
  await add(client, ...Array.from({ length: 60 }, (_, n) => plain(`t-${n}`)));
  let held = 0;
  let isFull = false;
  let finished = 0;
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const agent = `w-${n}`;
      const claimer = await hive.claimer(agent, { capabilities: offering('one', 'two') });
      const { signal } = new AbortController();
      let report = undefined as ReturnType<typeof done> | undefined;
      while (finished < 60 || report !== undefined) {
        const request = { holds: [], waitMs: 200, signal, ...(report === undefined ? {} : { report }) };
        const answer = await claimer.next(request);
        report = undefined;
        if (answer.kind !== 'granted') continue;
        const { grant } = answer;
        held += 1;
        // The first ones wait for each other: five of them fit.
        isFull ||= held === 5;
        await until('all places are taken', () => isFull);
        held -= 1;
        finished += 1;
        report = done(grant);
      }
    }),
  );
  const profileOfFence = new Map<number, string>();
  const live = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (profile: string, by: number) => {
    live.set(profile, (live.get(profile) ?? 0) + by);
    most.set(profile, Math.max(most.get(profile) ?? 0, live.get(profile) ?? 0));
  };
  for (const event of await eventsOf(client)) {
    if (event.type === 'granted') {
      profileOfFence.set(event.grant.fence, event.grant.profile ?? '');
      count(event.grant.profile ?? '', 1);
    }
    if (event.type === 'grant_ended') count(profileOfFence.get(event.end.fence) ?? '', -1);
  }
  expect(Object.fromEntries(most)).toEqual({ one: 3, two: 2 });
  expect((await client.query({ v: 1, kind: 'counts' })).states).toEqual({ closed: 60 });
}, 60_000);

test('a budget of the project pauses grants at 95 percent, ends runs at 100, and goes on when it is raised', async () => {
  await setUp({ budgets: { project: { tokens: 1_000 } } });
  await add(client, plain('a'), plain('b'), plain('c'));
  const [one, two] = [await grantedTo('w1'), await grantedTo('w2')];
  const w1 = await hive.connect('w1');
  const usage = { input_tokens: 700, output_tokens: 250 };
  await mailReport(w1, 'w1', { ...about(one), kind: 'done', outcome: 'completed', usage });
  const paused =
    'budget of project test: 95 % of 1,000 tokens used (950 tokens); nothing new is granted until it is raised';
  await until('the inbox says it', async () => (await inbox()).includes(paused));
  expect((await claim('w3')).kind).toBe('nothing');
  const why = await client.query<'explain'>({ v: 1, kind: 'explain', id: 'c' });
  expect(why.reasons.map(({ rule }) => rule)).toEqual(['budget-project']);

  const w2 = await hive.connect('w2');
  const controls = w2.subscribe(subjectsOf(project).request('control', 'w2'));
  await w2.flush();
  const heard = (async (): Promise<Control | undefined> => {
    for await (const delivery of controls) {
      const decoded = tryDecode('Control', delivery);
      if (decoded.ok) return decoded.value;
    }
    return undefined;
  })();
  const { payload, headers } = encode('Beat', {
    v: 1,
    kind: 'beat',
    role: 'worker',
    incarnation: '1-w2',
    place,
    pid: 1,
    version: 'test',
    state: 'running',
    every_ms: 100,
    uptime_ms: 1,
    grants: [
      {
        task: two.task,
        fence: two.fence,
        run: two.run,
        phase: 'harness',
        output_bytes: 1,
        usage: { input_tokens: 60 },
      },
    ],
  });
  w2.publish(subjectsOf(project).beat('w2'), payload, headers);
  const reason = 'the budget of project test is used up: 1,010 tokens of 1,000 tokens used';
  expect(await heard).toEqual({ v: 1, kind: 'halt', fence: two.fence, reason });
  controls.close();
  const asked = await client.query<'grants'>({ v: 1, kind: 'grants', fences: [two.fence] });
  expect(asked).toMatchObject({ ended: [], halt: [{ fence: two.fence, why: reason }] });

  await mailReport(w2, 'w2', failed(two, 'killed', { usage: { input_tokens: 60 } }));
  await until('it went back', async () => (await taskOf('b')).state === 'open');
  const waiting = claim('w3', { wait_ms: 10_000 });
  await setUp({ budgets: { project: { tokens: 10_000 } } });
  expect(grantOf(await waiting)).toMatchObject({ task: 'b' });
  const { rows } = await client.query<'usage'>({ v: 1, kind: 'usage', by: 'task' });
  expect(rows).toEqual([
    { key: 'a', runs: 1, usage },
    { key: 'b', runs: 2, usage: { input_tokens: 60 } },
  ]);
});
