import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredMail } from '../../schemas/index.ts';
import { add, claimBy, grantOf, plain, sendClaim, until } from '../support/asking.ts';
import { BEAT_MS, LEASE_MS, startTakeoverBench, type TakeoverBench } from '../support/takeover-bench.ts';

let bench: TakeoverBench;
beforeEach(async () => {
  bench = await startTakeoverBench();
});
afterEach(() => bench.stop());

test('a dead worker loses its task to another soon after a lease, with a note; one that beats keeps its own', async () => {
  await add(bench.client, plain('a'), plain('b'));
  const lively = await bench.takers.worker('w1', BEAT_MS);
  const dying = await bench.takers.worker('w2', BEAT_MS);
  const taker = await bench.takers.start();
  await until('the watch judges', () => taker.word() === 'judging');
  dying.fallSilent();
  const silentAt = performance.now();
  const heir = await bench.hive.connect('w3');
  const grant = grantOf(await sendClaim(heir, 'w3', claimBy('w3', { wait_ms: 15_000 })));
  expect(performance.now() - silentAt).toBeLessThan(LEASE_MS + 8_000);
  expect(performance.now() - silentAt).toBeGreaterThan(LEASE_MS / 2);
  expect(grant).toMatchObject({ task: dying.grant.task });
  expect(grant.fence).toBeGreaterThan(dying.grant.fence);
  if (grant.kind !== 'work') throw new Error('expected work');
  expect(grant.attachments).toMatchObject([{ kind: 'loss', fence: dying.grant.fence }]);
  expect(grant.attachments[0]?.text).toMatch(
    /^w2 was dead for \d+ s; last sign: beat at .* from here: running/,
  );
  const [only, ...more] = await bench.taken();
  expect(only).toMatchObject({ fence: dying.grant.fence, agent: 'w2', by: 'taker', reason: 'dead' });
  expect(only?.silent_ms).toBeGreaterThanOrEqual(LEASE_MS);
  expect([more, lively.grant.fence === only?.fence]).toEqual([[], false]);
});

test('a worker that beats and makes no progress is nudged, then its task is reopened', async () => {
  await bench.configure({ stale_after_ms: 1_500, stale_grace_ms: 1_000 });
  await add(bench.client, plain('busy'), plain('stuck'));
  const busy = await bench.takers.worker('w1', BEAT_MS);
  const stuck = await bench.takers.worker('w2', BEAT_MS);
  stuck.prints = false;
  await bench.takers.start();
  await bench.takenWithin(stuck.grant.fence, 30_000);
  expect(await bench.taken()).toMatchObject([{ reason: 'stale', agent: 'w2' }]);
  const { task } = stuck.grant;
  const nudge = `stale-check: ${task} no update >=0m; please post status/owner`;
  const reopened = `stale-reopen: ${task} reopened for reassignment`;
  const textsTo = async (target: StoredMail['to']) =>
    (await bench.reader.mail({ target, last: 100 })).mails.map(({ mail }) => mail.body);
  await until('the reopening is told', async () =>
    (await textsTo({ kind: 'topic', name: 'task' })).includes(reopened),
  );
  const told = (await textsTo({ kind: 'topic', name: 'task' })).filter((text) => text?.startsWith('stale-'));
  expect(told).toEqual([nudge, reopened]);
  expect(await textsTo({ kind: 'agent', name: 'w2' })).toEqual([nudge]);
  expect(await textsTo({ kind: 'agent', name: busy.name })).toEqual([]);
});

test('a service that leaves gives the lead up at once; one whose name has not the role never leads', async () => {
  // A lead that nobody gave up would be left alone for 8 s at least.
  await bench.configure({ lease_ms: 30_000 });
  const first = await bench.takers.start();
  await until('the first leads', async () => (await bench.beatOf('taker')) === 'leading');
  const nobody = await bench.takers.start('nobody');
  await until('it says why', () => nobody.log.lines.some(({ fields }) => fields['role'] === 'worker'));
  await bench.takers.start('taker-2');
  await until('the second stands by', async () => (await bench.beatOf('taker-2')) === 'standby');
  const leftAt = performance.now();
  await first.leave();
  await until('the second leads', async () => (await bench.beatOf('taker-2')) === 'leading');
  expect(performance.now() - leftAt).toBeLessThan(7_000);
  expect([await bench.beatOf('taker'), await bench.beatOf('nobody')]).toEqual(['gone', 'standby']);
});

test('a second one under the same name on the same machine is refused', async () => {
  await bench.takers.start();
  await until('the first leads', async () => (await bench.beatOf('taker')) === 'leading');
  const again = await bench.takers.start();
  await expect(again.leave()).rejects.toThrow(/is in use by process \d+ on this machine/);
});
