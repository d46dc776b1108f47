import { afterEach, beforeEach, expect, test } from 'vitest';
import { FORMAT } from '../../shared/board/format.ts';
import { fromImage, imageOf, partsOf, toImage } from '../../shared/board/snapshot.ts';
import { createBoard, observable } from '../../shared/board/state.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { openJournal } from '../../shared/bus/journal.ts';
import { journalFloor } from '../../shared/bus/journal-floor.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { openSnapshots, type Snapshots } from '../../shared/bus/snapshots.ts';
import { streamNames } from '../../shared/bus/topology.ts';
import { systemClock } from '../../shared/clock.ts';
import { randomId } from '../../shared/random.ts';
import { add, claimBy, done, grantOf, plain, sendClaim, until } from '../support/asking.ts';
import { type KeptLog, keptLog } from '../support/kept-log.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';

const names = streamNames(project);
let hive: TestHive;
let log: KeptLog;
let client: BoardClient;
let core: Bus;
let snapshots: Snapshots;

beforeEach(async () => {
  log = keptLog();
  // Terms are counted: a slow moment of this process is to cost none.
  const more = { snapshotPolicy: { batches: 5, bytes: 1e9 }, electionLeaseMs: 5_000 };
  hive = await startHive({ log, more });
  client = await hive.client('operator');
  core = await hive.services('core');
  snapshots = openSnapshots(core, project, randomId);
  await hive.configure({ roles: { operator: 'operator' } });
});
afterEach(() => hive.stop());

const status = () => client.query<'status'>({ v: 1, kind: 'status' });
const look = async () => {
  const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks' });
  const { runs } = await client.query<'runs'>({ v: 1, kind: 'runs' });
  const { grants, states, config, format } = await status();
  return { tasks, runs, grants, states, config, format };
};

/** Tasks, one by one, with work between them. */
async function work(prefix: string, count = 6): Promise<void> {
  const worker = await hive.connect(prefix);
  let report = {};
  for (let n = 1; n <= count; n += 1) {
    await add(client, plain(`${prefix}-${n}`));
    const claim = { ...claimBy(prefix, { number: n, wait_ms: 100 }), ...report };
    const answer = await sendClaim(worker, prefix, claim);
    report = answer.kind === 'granted' ? { report: done(grantOf(answer)) } : {};
  }
}

const skipped = () => log.lines.filter(({ message }) => message === 'a snapshot is skipped');

test('a leader takes snapshots as the journal grows, keeps the newest two and says where the newest stands', async () => {
  await until('the first one, of a new journal', async () => ((await status()).snapshot_seq ?? 0) > 0);
  for (const prefix of ['a', 'b', 'c']) {
    const before = (await status()).snapshot_seq ?? 0;
    await work(prefix);
    await until('another one', async () => ((await status()).snapshot_seq ?? 0) > before);
  }
  await hive.stopOrchestrator();
  const { manifests } = await snapshots.list();
  expect(manifests).toHaveLength(2);
  const info = await core.streams.info(names.snapshots);
  expect(info?.messages).toBe(manifests.reduce((sum, { pieces }) => sum + pieces + 1, 0));
  // The last one was written when it left, of the last batch.
  expect(manifests[0]?.journal_seq).toBe((await core.streams.info(names.journal))?.lastSeq);
});

test('a start takes the newest snapshot and the journal after it: the rest of the journal may be gone', async () => {
  await work('a', 10);
  await until('the first one behind the first batches', async () => ((await status()).snapshot_seq ?? 0) > 5);
  await hive.restartOrchestrator();
  await work('b', 3);
  const before = await look();
  const floor = await journalFloor(openJournal(core, project, systemClock), snapshots);
  expect(floor).toBeGreaterThan(5);
  const { manifests } = await snapshots.list();
  expect(floor).toBeLessThanOrEqual(manifests[1]?.journal_seq ?? 0);
  const { term } = await status();
  await hive.stopOrchestrator();
  expect(await core.streams.purge(names.journal, { before: floor })).toBe(floor - 1);
  await hive.startOrchestrator();
  expect(await look()).toEqual(before);
  expect((await status()).term).toBe(term + 1);
  await work('c', 2);
  expect(skipped()).toEqual([]);
});

test('the journal is not to be truncated before there are two snapshots that stand in it', async () => {
  const journal = openJournal(core, project, systemClock);
  await until('the first one', async () => ((await status()).snapshot_seq ?? 0) > 0);
  expect(await journalFloor(journal, snapshots)).toBe(0);
});

test('a damaged snapshot is reported and skipped, and where both are, the whole journal is folded', async () => {
  await work('a', 10);
  await hive.restartOrchestrator();
  await work('b', 2);
  const before = await look();
  await hive.stopOrchestrator();
  const damage = async (n: number) => {
    const manifest = (await snapshots.list()).manifests[n];
    if (manifest === undefined) throw new Error(`no snapshot ${n}`);
    await core.streams.remove(names.snapshots, manifest.first_seq);
    await expect(snapshots.read(manifest)).rejects.toMatchObject({ code: 'snapshot-damaged' });
  };
  await damage(0);
  // It has nothing to write when it leaves, so the same two stay.
  const first = await hive.addOrchestrator();
  await until('it leads', () => first.terms.length > 0);
  expect(await look()).toEqual(before);
  expect(skipped().length).toBeGreaterThan(0);
  expect(String(skipped()[0]?.fields['fault'])).toMatch(
    /the snapshot at journal sequence \d+ cannot be used: piece 0 is missing/,
  );
  await first.crash();
  await damage(0);
  await damage(1);
  await hive.startOrchestrator();
  expect(await look()).toEqual(before);
});

test('a snapshot larger than a message comes back as it was, with another writer at the same sequence, and not when it was changed', async () => {
  const server = await startNatsServer({ maxPayloadBytes: 16_384 });
  const small = await startHive({ server });
  try {
    const asked = await small.client('operator');
    for (let n = 0; n < 20; n += 1) await add(asked, plain(`large-${n}`, { body: `${n} `.repeat(1_000) }));
    await small.stopOrchestrator();
    const bus = await small.services('core');
    const store = openSnapshots(bus, project, randomId);
    const [manifest] = (await store.list()).manifests;
    if (manifest === undefined) throw new Error('no snapshot');
    expect(manifest.pieces).toBeGreaterThan(3);
    const image = imageOf(await store.read(manifest));
    if (image === undefined) throw new Error('no image');
    const board = fromImage(image, manifest.at);
    expect(board.tasks.size).toBe(20);
    const { v: _, kind, id, first_seq, pieces, size_bytes, sha256, ...standing } = manifest;
    const signal = new AbortController().signal;
    const both = [board, createBoard()].map((one) => {
      const whole =
        one === board ? one : Object.assign(one, { genesis: 'g', project, leader: 'l', format: FORMAT });
      return store.write(partsOf(toImage(whole)), standing, signal);
    });
    const [one, other] = await Promise.all(both);
    const boards = await Promise.all(
      [one, other].map(async (written) => {
        const again = written === undefined ? undefined : imageOf(await store.read(written));
        return again === undefined ? undefined : fromImage(again, 0);
      }),
    );
    expect(boards.map((found) => found?.tasks.size)).toEqual([20, 0]);
    expect(observable(boards[0] ?? createBoard())).toEqual(observable(board));
    await expect(store.read({ ...manifest, ...one, sha256: 'a'.repeat(64) })).rejects.toThrow(/hash to/);
  } finally {
    await small.stop();
  }
});
