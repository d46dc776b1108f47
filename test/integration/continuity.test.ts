import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventOf } from '../../schemas/index.ts';
import { type BoardClient, createBoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import {
  about,
  add,
  claimBy,
  done,
  eventsOf,
  grantOf,
  journalOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { type KeptLog, keptLog } from '../support/kept-log.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { deleteStream, recreateStream } from '../support/stream-surgery.ts';

const names = streamNames(project);
let hive: TestHive;
let log: KeptLog;
let client: BoardClient;
let swarm: Bus;
let core: Bus;
let w1: Bus;

beforeEach(async () => {
  log = keptLog();
  hive = await startHive({ log });
  client = await hive.client('operator');
  [core, swarm] = [await hive.services('core'), await hive.services('swarm')];
  w1 = await hive.connect('w1');
  await hive.configure({ roles: { operator: 'operator' } });
});
afterEach(() => hive.stop());

const status = () => client.query<'status'>({ v: 1, kind: 'status' });
const consumed = (seq: number) =>
  until(`mail ${seq} is consumed`, async () => (await status()).mail_seq >= seq);
const continued = async () =>
  (await eventsOf(client)).filter((event): event is EventOf<'continued'> => event.type === 'continued');

/** Sends until the connection is back after a restart of the server. */
const mailed = (report: Parameters<typeof mailReport>[2]) =>
  until('the mail is stored', () => mailReport(w1, 'w1', report).catch(() => undefined));

let number = 0;
async function grant(id: string) {
  number += 1;
  await add(client, plain(id, { priority: 'P0' }));
  return grantOf(await sendClaim(w1, 'w1', claimBy('w1', { slot: number, wait_ms: 1_000 })));
}

test('MAIL purged: named, consumption goes on behind the gap', async () => {
  const one = await grant('one');
  const seq = await mailed({ ...about(one, 'half'), kind: 'progress', note: 'half way' });
  await consumed(seq);
  await add(client, plain('later'));
  await hive.stopOrchestrator();
  const lost = await mailed(done(one));
  await swarm.streams.purge(names.mail, { before: lost + 1 });
  const after = await mailed(done(one, 'again'));
  await hive.startOrchestrator();
  await consumed(after);
  expect(await stateOf(client, 'one')).toBe('closed');
  expect((await continued()).map(({ by, reason }) => [by, reason])).toEqual([
    ['orchestrator', expect.stringMatching(/MAIL was purged: what stood from \d+ to \d+ is gone/)],
  ]);
});

test('MAIL created anew: named, consumed from its beginning, and a claim that names a mail of the old one is decided', async () => {
  const one = await grant('one');
  const old = await mailed({ ...about(one, 'half'), kind: 'progress', note: 'half way' });
  await consumed(old);
  await add(client, plain('next'));
  await hive.stopOrchestrator();
  await recreateStream(swarm, names.mail);
  const seq = await mailed(done(one));
  expect(seq).toBeLessThan(old);
  await hive.startOrchestrator();
  await until('the report takes effect', async () => (await stateOf(client, 'one')) === 'closed');
  expect((await continued())[0]?.reason).toMatch(/^MAIL was created anew at .*; going on after 0$/);
  const claim = claimBy('w2', { after_mail: old + 100, wait_ms: 15_000 });
  expect(grantOf(await sendClaim(await hive.connect('w2'), 'w2', claim)).task).toBe('next');
});

test('MAIL deleted under a leader: made anew and named once, and a report gets through', async () => {
  await hive.stopOrchestrator();
  // Its terms are counted: no stall of the machine may end one.
  const leader = await hive.addOrchestrator({ electionLeaseMs: 6_000 });
  const one = await grant('one');
  await consumed(await mailed({ ...about(one, 'half'), kind: 'progress', note: 'half way' }));
  const { term } = await status();
  await deleteStream(swarm, names.mail);
  await until('it leads again', () => leader.terms.some((later) => later > term));
  await mailed(done(one));
  await until('the report takes effect', async () => (await stateOf(client, 'one')) === 'closed');
  // A term without MAIL ends at once, and the next one tells of itself again.
  expect(leader.terms).toEqual([term, term + 1]);
  const led = (await eventsOf(client)).filter(({ type }) => type === 'led');
  expect(led).toHaveLength(term + 1);
  expect((await continued()).map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^MAIL was created anew at .*; going on after 0$/),
  ]);
});

const lost = async (one: Awaited<ReturnType<TestHive['addOrchestrator']>>) => {
  await until('it says why it does not lead', () => one.unfit.length > 0);
  expect(one.unfit[0]?.code).toBe('journal-lost');
  expect(one.terms).toEqual([]);
  const reader = createReader(w1, project, 'w1');
  await until('it serves reads', () => reader.mail({ after: 0 }).catch(() => undefined));
  return one.unfit[0]?.message ?? '';
};

test('JOURNAL deleted under a leader, and nothing else tells of it: it is not made again in silence', async () => {
  const [leader] = hive.orchestrators();
  const led = [...(leader?.terms ?? [])];
  await deleteStream(core, names.journal);
  // Whoever asks has no answer: the term ends with what it wanted to store.
  const brief = createBoardClient({ swarm: w1, project, agent: 'w1', clock: systemClock, timeoutMs: 500 });
  await expect(add(brief, plain('one'))).rejects.toThrow();
  await until('it says why it does not lead', () => (leader?.unfit.length ?? 0) > 0);
  expect(leader?.unfit[0]).toMatchObject({
    code: 'journal-lost',
    // It wanted to lead again, or saw it while it followed; by then its own last snapshot may tell.
    message: expect.stringMatching(/was deleted|the journal ends at 0/),
  });
  expect(await core.streams.info(names.journal)).toBeUndefined();
  expect(leader?.terms).toEqual(led);
});

test('JOURNAL created anew: nobody leads until an operator says so; then the board comes from the snapshot', async () => {
  const one = await grant('one');
  const before = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  const { term, genesis, journal_seq } = await status();
  await hive.stopOrchestrator();
  await recreateStream(core, names.journal);
  const standby = await hive.addOrchestrator();
  expect(await lost(standby)).toMatch(
    /^the journal ends at 0, and there is a snapshot of batch \d+; nobody leads.*--accept-journal-loss/,
  );
  await standby.stop();
  await hive.addOrchestrator({ acceptJournalLoss: true });
  const after = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  expect(after.tasks).toEqual(before.tasks);
  // Who heard the lost leaders hears this one: `client` did, and asks on.
  expect(after.term).toBeGreaterThan(term + 1_000_000);
  expect(after.genesis).toBe(genesis);
  expect(after.journal_seq).toBeGreaterThan(journal_seq);
  expect((await continued())[0]).toMatchObject({
    by: 'operator',
    reason: expect.stringMatching(/ends at 0/),
  });
  const [first] = await journalOf(client);
  expect(first?.batch.predecessor).toBeDefined();
  await consumed(await mailed(done(one)));
  expect(await stateOf(client, 'one')).toBe('closed');
});

test('JOURNAL and SNAPSHOTS gone: the operator gets a new genesis, and claims for the old one are refused', async () => {
  await grant('one');
  const { genesis, journal_seq, term } = await status();
  const claimer = await hive.claimer('w3', { waitMs: 10_000 });
  const asking = { holds: [], waitMs: 10, signal: new AbortController().signal };
  expect(await claimer.next(asking)).toMatchObject({ kind: 'nothing', term });
  await until(
    'it is told',
    async () => (await createReader(w1, project, 'w1').mail({ last: 1 })).mails.length > 0,
  );
  await hive.stopOrchestrator();
  await recreateStream(core, names.journal);
  await deleteStream(core, names.snapshots);
  const standby = await hive.addOrchestrator();
  expect(await lost(standby)).toContain('was announced in MAIL; nobody leads');
  await standby.stop();
  const accepted = await hive.addOrchestrator({ acceptJournalLoss: true });
  await until('it leads', () => accepted.terms.length > 0);
  const now = await status();
  expect(now.genesis).not.toBe(genesis);
  expect(now.term).toBeGreaterThan(term + 1_000_000);
  expect(await claimer.next(asking)).toMatchObject({ kind: 'refused', code: 'other-genesis' });
  expect(now.journal_seq).toBeGreaterThan(journal_seq);
  expect(await sendClaim(w1, 'w1', claimBy('w1', { genesis }))).toMatchObject({ code: 'other-genesis' });
  await add(client, plain('one'));
  await accepted.stop();
  await hive.startOrchestrator();
  expect(await stateOf(client, 'one')).toBe('open');
});
