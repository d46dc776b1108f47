import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report, ReportAnswer, ReportOf } from '../../schemas/index.ts';
import { emptyConfig } from '../../shared/board/state.ts';
import type { Bus } from '../../shared/bus/port.ts';
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
  stateOf,
  until,
} from '../support/asking.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';
import { whileNobodyLeads } from '../support/outages.ts';

let hive: TestHive;
let client: Awaited<ReturnType<TestHive['client']>>;
let w1: Bus;
let number = 0;

beforeAll(async () => {
  hive = await startHive();
  const lane = { home: '/nowhere', base: 'HEAD', branch: 'waggle/main', gates: [] };
  await hive.configure({
    roles: { operator: 'operator', committer: 'committer', taker: 'stale-takeover' },
    lanes: { main: lane },
    policies: { ...emptyConfig.policies, lease_ms: 1_500 },
  });
  client = await hive.client('operator');
  w1 = await hive.connect('w1');
});
afterEach(async () => {
  // What a test that failed left over is granted to no other.
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  for (const { task } of tasks) {
    if (!['closed', 'cancelled'].includes(task.state))
      await client.command({ v: 1, kind: 'cancel', id: `cancel-${task.id}`, task: task.id });
  }
});
afterAll(() => hive.stop());

async function granted(id: string): Promise<Granted> {
  await add(client, plain(id));
  number += 1;
  const grant = grantOf(await sendClaim(w1, 'w1', claimBy('w1', { number, slot: number })));
  expect(grant.task).toBe(id);
  return grant;
}

/** Sends a report with a claim that waits for nothing. */
async function byClaim(swarm: Bus, agent: string, report: Report): Promise<ReportAnswer | undefined> {
  number += 1;
  const work = agent === 'committer' ? 'commit' : 'task';
  return (await sendClaim(swarm, agent, claimBy(agent, { number, slot: number, report, work }))).report;
}

const endsOf = async (task: string) =>
  (await eventsOf(client)).filter((event) => event.type === 'grant_ended' && event.task === task);

describe('twice', () => {
  test('a report by mail and by claim counts once, and the second copy hears the first answer', async () => {
    const grant = await granted('both');
    const report = done(grant);
    await mailReport(w1, 'w1', report);
    await until('the mail took effect', async () => (await stateOf(client, 'both')) === 'closed');
    expect(await byClaim(w1, 'w1', report)).toEqual({ id: report.id, status: 'accepted' });
    await mailReport(w1, 'w1', report);
    await byClaim(w1, 'w1', report);
    expect(await endsOf('both')).toHaveLength(1);
  });

  test('a claim that brings a report and is sent twice reports once and grants once', async () => {
    const first = await granted('chain-1');
    await add(client, plain('chain-2'));
    number += 1;
    const claim = claimBy('w1', { number, slot: number, report: done(first) });
    const answers = await Promise.all([sendClaim(w1, 'w1', claim), sendClaim(w1, 'w1', claim)]);
    expect(answers.map((answer) => grantOf(answer).task)).toEqual(['chain-2', 'chain-2']);
    expect(answers.map(({ report }) => report?.status)).toEqual(['accepted', 'accepted']);
    expect(await endsOf('chain-1')).toHaveLength(1);
    await byClaim(w1, 'w1', done(grantOf(answers[0])));
  });

  test('a report mailed while nobody leads takes effect once after the start, and after another', async () => {
    const grant = await granted('down');
    await whileNobodyLeads(hive, () => mailReport(w1, 'w1', done(grant)));
    await until('the mail took effect', async () => (await stateOf(client, 'down')) === 'closed');
    await hive.restartOrchestrator();
    expect(await endsOf('down')).toHaveLength(1);
  });
});

describe('refused', () => {
  test('a stale fence, with what became of it and the fence that is live', async () => {
    const first = await granted('stale');
    const taker = await hive.connect('taker');
    // Refused while the leader itself heard of the grant within the lease: reported again, under another id.
    let tries = 0;
    await until('the task is free', async () => {
      tries += 1;
      const dead = { kind: 'takeover', reason: 'dead', silent_ms: 60_000 } as const;
      await mailReport(taker, 'taker', { ...about(first, `taken-${tries}`), ...dead });
      return (await stateOf(client, 'stale')) === 'open';
    });
    expect(tries).toBeGreaterThan(1);
    const w2 = await hive.connect('w2');
    const second = grantOf(await sendClaim(w2, 'w2', claimBy('w2')));
    const answer = await byClaim(w1, 'w1', done(first));
    expect(answer).toMatchObject({ status: 'refused', code: 'fenced' });
    expect(answer?.message).toBe(
      `fence ${first.fence} of stale is not live: it ended by takeover; fence ${second.fence} is live`,
    );
    expect(await byClaim(w2, 'w2', done(second))).toMatchObject({ status: 'accepted' });
  });

  test("somebody else's grant", async () => {
    const grant = await granted('mine');
    const w2 = await hive.connect('w2');
    const answer = await byClaim(w2, 'w2', done(grant));
    expect(answer).toMatchObject({ status: 'refused', code: 'not-yours' });
    expect(answer?.message).toMatch(/belongs to w1, not to w2/);
    expect(await byClaim(w1, 'w1', done(grant))).toMatchObject({ status: 'accepted' });
  });

  test('a takeover by a worker', async () => {
    const grant = await granted('taken');
    const takeover: Report = { ...about(grant), kind: 'takeover', reason: 'dead', silent_ms: 60_000 };
    expect(await byClaim(w1, 'w1', takeover)).toMatchObject({ code: 'wrong-role' });
    await byClaim(w1, 'w1', done(grant));
  });

  test('committed by a worker, of its own grant or with the fence of a commit grant', async () => {
    const grant = await granted('landed');
    const commit = 'c'.repeat(40);
    const words = { lane: 'main', old: 'a'.repeat(40), new: commit, commit, subject: 'x', found: false };
    const committed: ReportOf<'committed'> = { ...about(grant, 'landed'), kind: 'committed', ...words };
    expect(await byClaim(w1, 'w1', committed)).toMatchObject({ code: 'wrong-kind' });
    expect(await byClaim(w1, 'w1', { v: 1, kind: 'lane', id: 'l', lane: 'main', tip: commit })).toMatchObject(
      {
        code: 'wrong-role',
      },
    );
    const committer = await hive.connect('committer');
    await byClaim(committer, 'committer', {
      v: 1,
      kind: 'lane',
      id: 'l2',
      lane: 'main',
      tip: 'a'.repeat(40),
    });
    await add(client, { id: 'lane-task', title: 'x', lane: 'main' });
    number += 1;
    const work = grantOf(
      await sendClaim(w1, 'w1', claimBy('w1', { number, slot: number, report: done(grant) })),
    );
    const bundle = { owner: 'w1', sha256: 'b'.repeat(64), size_bytes: 1, chunks: 1 };
    const submitted: Report = {
      ...about(work),
      kind: 'submitted',
      base: 'a'.repeat(40),
      head: commit,
      bundle,
    };
    expect(await byClaim(w1, 'w1', submitted)).toMatchObject({ status: 'accepted' });
    number += 1;
    const asked = claimBy('committer', { number, slot: number, work: 'commit' });
    const commitGrant = grantOf(await sendClaim(committer, 'committer', asked));
    const stolen: Report = { ...about(commitGrant, 'stolen'), kind: 'committed', ...words };
    expect(await byClaim(w1, 'w1', stolen)).toMatchObject({ code: 'not-yours' });
    const foreign: Report = { ...stolen, id: 'foreign', old: 'f'.repeat(40) };
    expect(await byClaim(committer, 'committer', foreign)).toMatchObject({ code: 'foreign-tip' });
    expect(await byClaim(committer, 'committer', stolen)).toMatchObject({ status: 'accepted' });
    expect(await stateOf(client, 'lane-task')).toBe('closed');
  });
});

test('progress is kept as the note of the next try and ends nothing', async () => {
  const grant = await granted('noted');
  const progress: Report = { ...about(grant, 'p1'), kind: 'progress', note: 'half done' };
  await mailReport(w1, 'w1', progress);
  await until('the note is there', async () => {
    const { view } = await client.query<'task'>({ v: 1, kind: 'task', id: 'noted' });
    return view.task.note === 'half done' && view.task.state === 'claimed';
  });
  const released: Report = { ...about(grant, 'p2'), kind: 'released', reason: 'leaving' };
  await mailReport(w1, 'w1', released);
  await until('it is free', async () => (await stateOf(client, 'noted')) === 'open');
  number += 1;
  const again = grantOf(await sendClaim(w1, 'w1', claimBy('w1', { number, slot: number })));
  expect(again).toMatchObject({ task: 'noted', note: 'half done', attempt: 1 });
});
