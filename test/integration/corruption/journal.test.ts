import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Batch, Event } from '../../../schemas/index.ts';
import { lookAtJournal } from '../../../services/cli/doctor/journal.ts';
import { type BoardClient, createBoardClient } from '../../../shared/bus/board-client.ts';
import { encode } from '../../../shared/bus/codec.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { createReader } from '../../../shared/bus/read-client.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { streamNames, topology } from '../../../shared/bus/topology.ts';
import { systemClock } from '../../../shared/clock.ts';
import { add, journalOf, plain, stateOf, until } from '../../support/asking.ts';
import { startDoctor, type TestDoctor } from '../../support/doctor.ts';
import { type KeptLog, keptLog } from '../../support/kept-log.ts';
import { project, startHive, type TestHive } from '../../support/orchestrator.ts';

const { journal, snapshots } = streamNames(project);
const msgpack = { 'Content-Type': 'application/msgpack' };
let hive: TestHive;
let log: KeptLog;
let client: BoardClient;
let core: Bus;
let doctor: TestDoctor;

beforeEach(async () => {
  log = keptLog();
  hive = await startHive({ log });
  client = await hive.client('operator');
  core = await hive.services('core');
  await hive.configure({ roles: { operator: 'operator' } });
  doctor = await startDoctor(hive.server);
});
afterEach(async () => {
  doctor.close();
  await hive.stop();
});

/** A batch that follows the last one, with other fields. */
async function nextBatch(more: Partial<Batch>): Promise<Uint8Array> {
  const last = (await journalOf(client)).at(-1);
  if (last === undefined) throw new Error('an empty journal');
  return encode('Batch', { ...last.batch, id: 'foreign', predecessor: last.batch.id, events: [], ...more })
    .payload;
}
const graven = {
  type: 'grant_ended',
  task: 'one',
  agent: 'w1',
  attempts: 0,
  losses: 0,
  conflicts: 0,
} as const;
const noGrant = { ...graven, end: { fence: 9, run: 'r', why: 'done' }, to: 'closed' } as unknown as Event;

const term = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).term;
/** What the orchestrators say when they do not lead. */
const said = () => log.lines.filter(({ message }) => message === 'this orchestrator does not lead');

async function expectNobodyLeads(seq: number): Promise<void> {
  await until('it says that it does not lead', () => said().length > 0);
  expect(said()).toHaveLength(1);
  expect(said()[0]?.fields).toMatchObject({
    code: 'journal-unreadable',
    reason: expect.stringContaining(`journal message ${seq} cannot be read: `),
  });
  // What hangs on no leader goes on.
  const agent = await hive.connect('w1');
  expect((await createReader(agent, project, 'w1').mail({ after: 0 })).mails).toBeDefined();
}

/** By the words of doctor. */
async function mended(): Promise<void> {
  const before = said().length;
  const one = await hive.addOrchestrator({ acceptJournalLoss: true });
  await until('it leads', () => one.terms.length > 0);
  expect(await stateOf(client, 'one')).toBe('open');
  await add(client, plain('onward'));
  expect(await doctor.check('journal')).toMatchObject({ status: 'pass' });
  expect(await doctor.check('leader')).toMatchObject({ status: 'pass' });
  await one.stop();
  await until('the first one leads again', () => term().catch(() => undefined));
  expect(said()).toHaveLength(before);
  expect(await stateOf(client, 'onward')).toBe('open');
}

test.each([
  ['half a batch', async () => (await nextBatch({})).subarray(0, 40)],
  ['a batch that breaks a rule of the board', () => nextBatch({ events: [noGrant] })],
])(
  '%s, appended under a leader: named, nobody leads on it, doctor says where and how to go on',
  async (_, make) => {
    await add(client, plain('one'));
    const { seq } = await core.append(subjectsOf(project).journal, await make(), { headers: msgpack });
    // Whoever leads notices with its next batch, and answers nobody.
    const hasty = createBoardClient({
      swarm: await hive.connect('operator'),
      project,
      agent: 'operator',
      clock: systemClock,
      timeoutMs: 300,
    });
    await expect(hasty.command({ v: 1, kind: 'cancel', id: 'late', task: 'one' })).rejects.toThrow();
    await expectNobodyLeads(seq);
    const row = await doctor.said('journal');
    expect(row).toMatch(/^FAIL /);
    expect(row).toContain(`journal message ${seq} cannot be read: `);
    expect(row).toMatch(/stored 20\S+, \d+ bytes · to mend: `waggle orchestrator --accept-journal-loss`/);
    await mended();
  },
);

const genesis: Event[] = [
  { type: 'genesis', genesis: 'g', project: 'p' },
  { type: 'led', leader: 'l', term: 1 },
];
const batchOf = (id: string, more: Partial<Batch> = {}): Batch => ({
  v: 1,
  id,
  term: 1,
  at: 1,
  mail_seq: 0,
  streams: {},
  events: [],
  ...more,
});
const bytesOf = (batch: Batch) => encode('Batch', batch).payload;
const good = [
  bytesOf(batchOf('a', { events: genesis })),
  bytesOf(batchOf('b', { predecessor: 'a' })),
  bytesOf(batchOf('c', { predecessor: 'b' })),
];
const foreign: [string, Uint8Array, RegExp][] = [
  ['nothing', Buffer.alloc(0), /./],
  ['garbage', Buffer.from('\u0000\u0001garbage'), /./],
  ['another message', encode('Query', { v: 1, kind: 'counts' }).payload, /./],
  ['half a batch', good[1]!.subarray(0, 20), /./],
  [
    'a batch of another chain',
    bytesOf(batchOf('x', { predecessor: 'y' })),
    /it follows batch y, but \w stands/,
  ],
  [
    'an unknown event',
    bytesOf(batchOf('x', { predecessor: 'b', events: [{ type: 'teleported' } as never] })),
    /teleported/,
  ],
];

test.each(foreign)(
  'doctor finds %s in the journal by its place, in the middle and at the end',
  async (_, bytes, fault) => {
    for (const at of [2, 3]) {
      const name = `p-${foreign.findIndex(([, other]) => other === bytes)}-${at}`;
      const [spec] = topology(name).core;
      if (spec === undefined) throw new Error('no journal');
      await core.streams.ensure(spec);
      const rows = [...good.slice(0, at), bytes, ...good.slice(at)];
      for (const row of rows) await core.append(subjectsOf(name).journal, row, { headers: msgpack });
      const found = await lookAtJournal({ core, project: name });
      expect(found).toMatchObject({ status: 'fail', error: expect.stringContaining(`message ${at + 1} `) });
      if (at === 2) expect(found.error).toMatch(fault);
    }
  },
);

test('a batch that was removed from the middle is found by the one after it, and by the end where it was the last', async () => {
  for (const id of ['one', 'two', 'three']) await add(client, plain(id));
  await hive.stopOrchestrator();
  await core.streams.purge(snapshots, { before: 1_000 });
  const { lastSeq } = (await core.streams.info(journal))!;
  await core.streams.remove(journal, lastSeq - 2);
  expect((await doctor.check('journal')).error).toMatch(
    new RegExp(
      `journal message ${lastSeq - 1} cannot be read: it follows batch \\w+, but \\w+ stands before it`,
    ),
  );
  const one = await hive.addOrchestrator();
  await until('it says that it does not lead', () => one.unfit.length > 0);
  expect(one.unfit[0]).toMatchObject({
    code: 'journal-unreadable',
    message: expect.stringContaining(`journal message ${lastSeq - 1} cannot be read`),
  });
  await one.stop();
  const kept = lastSeq - 3;
  const two = await hive.addOrchestrator({ acceptJournalLoss: true });
  await until('it leads', () => two.terms.length > 0);
  expect((await doctor.check('journal')).status).toBe('pass');
  // What stood before the gap is there.
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  expect(tasks.length).toBeLessThan(3);
  expect(kept).toBeGreaterThan(0);
});

test('of a journal that is longer than a look reads, the beginning and the end are read', async () => {
  for (let n = 0; n < 12; n += 1) await add(client, plain(`t-${n}`));
  expect(await lookAtJournal({ core, project, most: 3 })).toMatchObject({
    status: 'pass',
    details: expect.stringMatching(/^read from 1 to 3 and from 4 to \d+; more than a look reads$/),
  });
  const { seq } = await core.append(subjectsOf(project).journal, Buffer.from('x'));
  expect((await lookAtJournal({ core, project, most: 3 })).error).toContain(`message ${seq} `);
});
