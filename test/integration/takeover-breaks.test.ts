import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyConfig } from '../../shared/board/state.ts';
import { BusProxy } from '../chaos/bus-proxy.ts';
import {
  add,
  beat,
  claimBy,
  eventsOf,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  until,
} from '../support/asking.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { startHive } from '../support/orchestrator.ts';
import { BEAT_MS, LEASE_MS, startTakeoverBench, type TakeoverBench } from '../support/takeover-bench.ts';
import { kill } from '../support/takers.ts';

let bench: TakeoverBench;
beforeEach(async () => {
  bench = await startTakeoverBench();
});
afterEach(() => bench.stop());

const fencesTaken = async () => (await bench.taken()).map(({ fence }) => fence);

test('a service that was stopped past a lease takes nobody before it has watched for a whole lease', async () => {
  await add(bench.client, plain('a'), plain('b'));
  const lively = await bench.takers.worker('w1', BEAT_MS);
  const dying = await bench.takers.worker('w2', BEAT_MS);
  const process = bench.takers.spawn();
  await until('it leads', async () => (await bench.beatOf('taker')) === 'leading');
  process.kill('SIGSTOP');
  dying.fallSilent();
  const stoppedAt = performance.now();
  await until('a lease is over', () => performance.now() - stoppedAt > LEASE_MS * 1.5);
  expect(await bench.taken()).toEqual([]);
  const wokenAt = Date.now();
  process.kill('SIGCONT');
  const { at } = await bench.takenWithin(dying.grant.fence, 30_000);
  expect(at - wokenAt).toBeGreaterThanOrEqual(LEASE_MS);
  expect(await fencesTaken()).not.toContain(lively.grant.fence);
});

test('a killed and restarted bus robs nobody, and the dead are taken afterwards', async () => {
  await add(bench.client, plain('a'), plain('b'));
  const lively = await bench.takers.worker('w1', BEAT_MS);
  const dying = await bench.takers.worker('w2', BEAT_MS);
  const taker = await bench.takers.start();
  await until('the watch judges', () => taker.word() === 'judging');
  await bench.hive.server.kill();
  dying.fallSilent();
  const killedAt = performance.now();
  await until('all are unheard for a lease', () => performance.now() - killedAt > LEASE_MS * 1.2);
  const restartedAt = Date.now();
  await bench.hive.server.restart();
  const { at } = await bench.takenWithin(dying.grant.fence, 30_000);
  expect(at - restartedAt).toBeGreaterThanOrEqual(LEASE_MS);
  expect(await fencesTaken()).not.toContain(lively.grant.fence);
});

test('of two services one leads; when it is killed the other takes over', async () => {
  await add(bench.client, plain('a'), plain('b'));
  const lively = await bench.takers.worker('w1', BEAT_MS);
  const dying = await bench.takers.worker('w2', BEAT_MS);
  const first = bench.takers.spawn();
  await until('the first leads', async () => (await bench.beatOf('taker')) === 'leading');
  const second = await bench.takers.start('taker-2');
  await until('the second stands by', async () => (await bench.beatOf('taker-2')) === 'standby');
  expect(second.word()).toBeUndefined();
  await kill(first);
  dying.fallSilent();
  await bench.takenWithin(dying.grant.fence, 30_000);
  expect(await bench.taken()).toMatchObject([{ by: 'taker-2', agent: 'w2' }]);
  expect(await fencesTaken()).not.toContain(lively.grant.fence);
});

/** A hive whose orchestrator reaches SWARM through a proxy, and a task in the hands of `w1` who does not beat. */
async function behindProxy(leaseMs: number) {
  const server = await startNatsServer();
  const proxy = await BusProxy.open(server.port);
  const swarm = { ...server.swarm, url: `nats://127.0.0.1:${proxy.port}` };
  // So that no slow moment costs it the lead, and with it what it has heard.
  const more = { electionLeaseMs: 60_000 };
  const hive = await startHive({ server: { ...server, swarm }, more });
  const policies = { ...emptyConfig.policies, lease_ms: leaseMs };
  await hive.configure({ roles: { operator: 'operator', taker: 'stale-takeover' }, policies });
  const client = await hive.client('operator');
  await add(client, plain('a'));
  const worker = await hive.connect('w1');
  const { task, fence, run } = grantOf(await sendClaim(worker, 'w1', claimBy('w1')));
  const taker = await hive.connect('taker');
  const report = {
    v: 1,
    id: 'old',
    task,
    fence,
    run,
    kind: 'takeover',
    reason: 'dead',
    silent_ms: 60_000,
  } as const;
  const consumed = () => client.query<'status'>({ v: 1, kind: 'status' }).then(({ mail_seq }) => mail_seq);
  return {
    proxy,
    worker,
    /** Gives the sequence in MAIL. */
    report: () => mailReport(taker, 'taker', report),
    beat: () => beat(worker, 'w1', 'working', [{ task, fence, run, phase: 'running', output_bytes: 0 }]),
    decided: (seq: number) =>
      until('the report is decided', async () => (await consumed().catch(() => 0)) >= seq),
    counts: async () => {
      const types = (await eventsOf(client)).map(({ type }) => type as string);
      return {
        taken: types.filter((type) => type === 'taken_over').length,
        terms: types.filter((type) => type === 'led').length,
      };
    },
    async stop() {
      await hive.stop();
      await proxy.close();
      await server.stop();
    },
  };
}

test('a leader that was cut off itself believes no report of a silence: it heard nobody', async () => {
  const leaseMs = 4_000;
  const scene = await behindProxy(leaseMs);
  try {
    const goOn = scene.proxy.become({ kind: 'half-open', lost: 'both', reach: 'all' });
    const cutAt = performance.now();
    const seq = await scene.report();
    await until('it has heard nobody for a lease', () => performance.now() - cutAt > leaseMs);
    goOn();
    await scene.decided(seq);
    expect(await scene.counts()).toEqual({ taken: 0, terms: 1 });
  } finally {
    await scene.stop();
  }
});

test('a report that the network held back is refuted by the beats behind it', async () => {
  const leaseMs = 1_000;
  const scene = await behindProxy(leaseMs);
  try {
    const goOn = scene.proxy.become({ kind: 'delay', ms: 2 * leaseMs });
    const seq = await scene.report();
    scene.beat();
    await scene.worker.flush();
    goOn();
    await scene.decided(seq);
    expect(await scene.counts()).toEqual({ taken: 0, terms: 1 });
  } finally {
    await scene.stop();
  }
});

test('a name is not given to another machine for a silence that the network made', async () => {
  const leaseMs = 1_000;
  const scene = await behindProxy(leaseMs);
  try {
    const copy = { incarnation: '9-w1', place: { host: 'there', boot: 'b', state: 's' } };
    const goOn = scene.proxy.become({ kind: 'delay', ms: 2 * leaseMs });
    const asked = sendClaim(scene.worker, 'w1', claimBy('w1', copy));
    const askedAt = performance.now();
    await until('the claim is well ahead', () => performance.now() - askedAt > leaseMs / 2);
    // As the leader takes the claim, this is still on its way.
    scene.beat();
    await scene.worker.flush();
    goOn();
    expect(await asked).toMatchObject({ kind: 'refused', code: 'name-in-use', retryable: true });
    // Its owner was heard by now, and falls silent in earnest.
    const claim = () => sendClaim(scene.worker, 'w1', claimBy('w1', copy));
    await until('the name is free', async () => (await claim()).kind !== 'refused');
    expect((await scene.counts()).terms).toBe(1);
  } finally {
    await scene.stop();
  }
});
