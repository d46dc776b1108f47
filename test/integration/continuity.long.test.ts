import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventOf } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader } from '../../shared/bus/read-client.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import {
  about,
  add,
  claimBy,
  done,
  eventsOf,
  grantOf,
  mailReport,
  plain,
  sendClaim,
  stateOf,
  until,
} from '../support/asking.ts';
import { type KeptLog, keptLog } from '../support/kept-log.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { keepForCut } from '../support/stream-surgery.ts';

const names = streamNames(project);
let hive: TestHive;
let log: KeptLog;
let client: BoardClient;
let _swarm: Bus;
let _core: Bus;
let w1: Bus;

beforeEach(async () => {
  log = keptLog();
  hive = await startHive({ log });
  client = await hive.client('operator');
  [_core, _swarm] = [await hive.services('core'), await hive.services('swarm')];
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

test('MAIL cut: named, consumption goes back to the last common message; what comes a second time changes nothing', async () => {
  const [one, two] = [await grant('one'), await grant('two')];
  const first = await mailed(done(one));
  await consumed(first);
  await add(client, plain('a'));
  // The announcements go out by themselves.
  await until('all is told', async () => {
    const { mails } = await createReader(w1, project, 'w1').mail({ last: 1 });
    return mails[0]?.mail.body?.includes('one: done') === true;
  });
  await hive.stopOrchestrator();
  const cut = await keepForCut(hive.server, names.mail);
  await hive.startOrchestrator();
  const second = await mailed({
    ...about(two, 'p1'),
    kind: 'progress',
    note: 'lost with the power',
  });
  await consumed(second);
  await add(client, plain('b'));
  await hive.stopOrchestrator();
  await cut();
  // Other mail takes the sequence of what was lost.
  const other = await mailed(done(one, 'copy'));
  expect(other).toBeLessThanOrEqual(second);
  const last = await mailed(done(two));
  await hive.startOrchestrator();
  await consumed(last);
  const [named] = await continued();
  expect(named?.reason).toMatch(/^MAIL was cut: .*going on after \d+$/);
  expect(named?.mail_seq).toBeGreaterThanOrEqual(first);
  expect(named?.mail_seq).toBeLessThan(second);
  expect([await stateOf(client, 'one'), await stateOf(client, 'two')]).toEqual(['closed', 'closed']);
  const ends = (await eventsOf(client)).filter(({ type }) => type === 'grant_ended');
  expect(ends).toHaveLength(2);
});

const lost = async (one: Awaited<ReturnType<TestHive['addOrchestrator']>>) => {
  await until('it says why it does not lead', () => one.unfit.length > 0);
  expect(one.unfit[0]?.code).toBe('journal-lost');
  expect(one.terms).toEqual([]);
  const reader = createReader(w1, project, 'w1');
  await until('it serves reads', () => reader.mail({ after: 0 }).catch(() => undefined));
  return one.unfit[0]?.message ?? '';
};

test('JOURNAL cut with the power: the announcements in MAIL say how far it reached', async () => {
  await until('a snapshot', async () => ((await status()).snapshot_seq ?? 0) > 0);
  const cut = await keepForCut(hive.server, names.journal);
  await until('it leads on', () => status().catch(() => undefined));
  await grant('one');
  await until('it is told', async () => {
    const { mails } = await createReader(w1, project, 'w1').mail({ last: 1 });
    return mails[0]?.mail.body?.includes('claim: one') === true;
  });
  // Gone without a word: it writes no snapshot.
  const [leader] = hive.orchestrators();
  await leader?.crash();
  await cut();
  const standby = await hive.addOrchestrator();
  expect(await lost(standby)).toMatch(
    /^the journal ends at \d+, and batch \d+ was announced in MAIL; nobody leads/,
  );
  await standby.stop();
  const accepted = await hive.addOrchestrator({ acceptJournalLoss: true });
  await until('it leads', () => accepted.terms.length > 0);
  // The grant was lost with the end of the journal, and nothing of the new one is numbered as it was.
  expect((await client.query<'tasks'>({ v: 1, kind: 'tasks' })).tasks).toEqual([]);
  await add(client, plain('two'));
  await accepted.stop();
  await hive.startOrchestrator();
  expect(await stateOf(client, 'two')).toBe('open');
});
