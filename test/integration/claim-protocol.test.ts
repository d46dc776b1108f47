import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyConfig } from '../../shared/board/state.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  add,
  beat,
  claimBy,
  claimWithoutAnswer,
  done,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { place, startHive, type TestHive } from '../support/orchestrator.ts';

const LEASE_MS = 400;
let hive: TestHive;
let client: Awaited<ReturnType<TestHive['client']>>;
let agents = 0;
/** A name that no other test has used. */
let name = '';
let swarm: Bus;

beforeAll(async () => {
  hive = await startHive();
  const policies = { ...emptyConfig.policies, lease_ms: LEASE_MS, backoff_ms: 200 };
  await hive.configure({ roles: { operator: 'operator', taker: 'stale-takeover' }, policies });
  client = await hive.client('operator');
});
beforeEach(async () => {
  agents += 1;
  name = `agent-${agents}`;
  swarm = await hive.connect(name);
});
afterAll(() => hive.stop());

/** Ends a task so that no later test is granted it. */
const cancel = (id: string) => client.command({ v: 1, kind: 'cancel', id: `cancel-${id}`, task: id });
const waiting = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).waiting.task;

describe('repeating', () => {
  test('a claim whose answer was lost is answered with the same grant', async () => {
    await add(client, plain('lost'));
    await claimWithoutAnswer(swarm, name, claimBy(name));
    const first = grantOf(await sendClaim(swarm, name, claimBy(name)));
    expect(grantOf(await sendClaim(swarm, name, claimBy(name)))).toEqual(first);
    expect(first.task).toBe('lost');
    await cancel('lost');
  });

  test('a repeated claim whose grant has ended meanwhile is told so', async () => {
    await add(client, plain('ended'));
    const { fence } = grantOf(await sendClaim(swarm, name, claimBy(name)));
    await cancel('ended');
    const answer = await sendClaim(swarm, name, claimBy(name));
    expect(answer).toMatchObject({ kind: 'ended', fence, why: 'cancelled' });
  });

  test('a lower number is void, a higher one gives back what it does not list', async () => {
    await add(client, plain('unlisted'));
    const first = grantOf(await sendClaim(swarm, name, claimBy(name, { number: 5 })));
    expect(await sendClaim(swarm, name, claimBy(name, { number: 4 }))).toMatchObject({ code: 'voided' });
    const busy = await sendClaim(swarm, name, claimBy(name, { number: 6, holds: [first.fence] }));
    expect(busy).toMatchObject({ kind: 'refused', code: 'slot-busy' });
    const second = grantOf(await sendClaim(swarm, name, claimBy(name, { number: 7 })));
    expect(second.task).toBe('unlisted');
    expect(second.fence).toBeGreaterThan(first.fence);
    await cancel('unlisted');
  });

  test('a lower number that comes late is void even when the higher one was never granted anything', async () => {
    const higher = sendClaim(swarm, name, claimBy(name, { number: 3, wait_ms: 10_000 }));
    await until('the claim waits', async () => (await waiting()) > 0);
    const late = sendClaim(swarm, name, claimBy(name, { number: 2, wait_ms: 10_000 }));
    expect(await late).toMatchObject({ kind: 'refused', code: 'voided' });
    await add(client, plain('late-number'));
    expect(grantOf(await higher).task).toBe('late-number');
    await cancel('late-number');
    const empty = await sendClaim(swarm, name, claimBy(name, { number: 9 }));
    expect(empty.kind).toBe('nothing');
    await add(client, plain('after-nothing'));
    expect(await sendClaim(swarm, name, claimBy(name, { number: 8 }))).toMatchObject({ code: 'voided' });
    expect(await stateOf(client, 'after-nothing')).toBe('open');
    await cancel('after-nothing');
  });
});

describe('incarnations', () => {
  test('an ended incarnation is never accepted again, and what it held is free', async () => {
    await add(client, plain('reborn'));
    const first = grantOf(await sendClaim(swarm, name, claimBy(name)));
    const second = grantOf(await sendClaim(swarm, name, claimBy(name, { incarnation: `2-${name}` })));
    expect([second.task, second.fence > first.fence]).toEqual(['reborn', true]);
    const answer = await sendClaim(swarm, name, claimBy(name, { number: 2 }));
    expect(answer).toMatchObject({ kind: 'refused', code: 'incarnation-ended', retryable: false });
    await cancel('reborn');
  });

  test('the same name from another place waits for a whole lease of silence, which beats break', async () => {
    const elsewhere = claimBy(name, { incarnation: `9-${name}`, place: { ...place, host: 'there' } });
    await sendClaim(swarm, name, claimBy(name));
    const heardAt = performance.now();
    let silentAt = heardAt;
    for (let n = 0; n < 4; n += 1) {
      await systemClock.sleep(LEASE_MS / 3);
      silentAt = performance.now();
      beat(swarm, name);
      expect(await sendClaim(swarm, name, elsewhere)).toMatchObject({ code: 'name-in-use', retryable: true });
    }
    expect(performance.now() - heardAt).toBeGreaterThan(LEASE_MS);
    await until('the name is free', async () => (await sendClaim(swarm, name, elsewhere)).kind === 'nothing');
    expect(performance.now() - silentAt).toBeGreaterThan(LEASE_MS * 0.9);
  });

  test('a name whose agent said that it leaves is free at once', async () => {
    const elsewhere = claimBy(name, { incarnation: `9-${name}`, place: { ...place, state: 'other' } });
    await sendClaim(swarm, name, claimBy(name));
    expect(await sendClaim(swarm, name, elsewhere)).toMatchObject({ code: 'name-in-use' });
    beat(swarm, name, 'gone');
    // On the same connection, so it is heard after that.
    expect((await sendClaim(swarm, name, elsewhere)).kind).toBe('nothing');
  });

  test('a claim that names its last mail is decided after it, also when nothing is ready', async () => {
    await add(client, plain('mailed'), plain('held'));
    const first = grantOf(await sendClaim(swarm, name, claimBy(name)));
    const other = grantOf(await sendClaim(swarm, name, claimBy(name, { slot: 1 })));
    await hive.stopOrchestrator();
    const after_mail = await mailReport(swarm, name, done(first));
    const reborn = claimBy(name, { incarnation: `2-${name}`, after_mail, wait_ms: 10_000 });
    await hive.startOrchestrator();
    // What the old incarnation held comes back by this very claim, and is granted to it.
    expect(grantOf(await sendClaim(swarm, name, reborn)).task).toBe(other.task);
    expect(await stateOf(client, first.task)).toBe('closed');
    await cancel(other.task);
  });
});

describe('long poll', () => {
  test('a waiting claim is answered with nothing when its wait ends', async () => {
    const begun = performance.now();
    const answer = await sendClaim(swarm, name, claimBy(name, { wait_ms: 300 }));
    const took = performance.now() - begun;
    expect(answer.kind).toBe('nothing');
    expect(took).toBeGreaterThan(290);
    expect(took).toBeLessThan(5_000);
  });

  test('it wakes when a task is added, when a dep closes, and when a backoff ends', async () => {
    const other = await hive.connect('other');
    const claim = (number: number) => sendClaim(swarm, name, claimBy(name, { number, wait_ms: 5_000 }));
    const first = claim(1);
    await add(client, plain('a'), plain('b', { deps: ['a'] }));
    const a = grantOf(await first);
    expect(a.task).toBe('a');
    // The same slot waits again; the task's dependent becomes ready by the report of somebody else's mail.
    const second = sendClaim(other, 'other', claimBy('other', { wait_ms: 5_000 }));
    await mailReport(swarm, name, done(a));
    const b = grantOf(await second);
    expect(b.task).toBe('b');
    const third = claim(2);
    await mailReport(other, 'other', { ...about(b), kind: 'failed', outcome: 'crashed', reason: 'bang' });
    const again = grantOf(await third);
    expect([again.task, again.kind === 'work' && again.attempt]).toEqual(['b', 2]);
    await cancel('b');
  });

  test('200 claims wait for one task: exactly one gets it', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => ({
        name: `crowd-${n}`,
        bus: await hive.connect(`crowd-${n}`),
      })),
    );
    const answers = crowd.flatMap(({ name: from, bus }) =>
      Array.from({ length: 10 }, (_, slot) => sendClaim(bus, from, claimBy(from, { slot, wait_ms: 30_000 }))),
    );
    await until('all wait', async () => (await waiting()) === 200);
    await add(client, plain('wanted'));
    const first = await Promise.race(answers);
    expect([grantOf(first).task, await waiting()]).toEqual(['wanted', 199]);
    // One for each of the others, so that their waits end.
    const others = Array.from({ length: 199 }, (_, n) => `other-${n}`);
    await add(client, ...others.map((id) => plain(id)));
    const tasks = (await Promise.all(answers)).map((answer) => grantOf(answer).task);
    expect(tasks.toSorted()).toEqual(['wanted', ...others].toSorted());
  });
});

describe('the claimer', () => {
  test('a claim made while nobody leads is answered by the next leader, and one that waits survives a restart', async () => {
    const claimer = await hive.claimer(name);
    const { signal } = new AbortController();
    await hive.stopOrchestrator();
    const answer = claimer.next({ holds: [], waitMs: 10_000, signal });
    await hive.startOrchestrator();
    await until('the claim waits', async () => (await waiting()) === 1);
    await hive.restartOrchestrator();
    await until('the claim waits again', async () => (await waiting()) === 1);
    await add(client, plain('awaited'));
    expect(grantOf(await answer).task).toBe('awaited');
    await cancel('awaited');
  });

  test('a claim that waits survives a restart of the bus', async () => {
    const claimer = await hive.claimer(name);
    const answer = claimer.next({ holds: [], waitMs: 10_000, signal: new AbortController().signal });
    await until('the claim waits', async () => (await waiting()) === 1);
    await hive.server.kill();
    await hive.server.restart();
    await add(client, plain('over-restart'));
    expect(grantOf(await answer).task).toBe('over-restart');
    await cancel('over-restart');
  });

  test('a claim that was broken off is void once its successor is heard', async () => {
    const claimer = await hive.claimer(name);
    const leaving = new AbortController();
    const first = claimer.next({ holds: [], waitMs: 10_000, signal: leaving.signal });
    await until('the claim waits', async () => (await waiting()) === 1);
    leaving.abort(new Error('leaving'));
    await expect(first).rejects.toThrow('leaving');
    const { signal } = new AbortController();
    expect((await claimer.next({ holds: [], waitMs: 0, signal })).kind).toBe('nothing');
    expect(await waiting()).toBe(0);
  });
});
