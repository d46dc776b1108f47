import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SnapshotManifest, SnapshotPiece } from '../../../schemas/index.ts';
import { lookAtSnapshots } from '../../../services/cli/doctor/snapshots.ts';
import type { BoardClient } from '../../../shared/bus/board-client.ts';
import { decode, encode } from '../../../shared/bus/codec.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { openSnapshots } from '../../../shared/bus/snapshots.ts';
import { subjectsOf } from '../../../shared/bus/subjects.ts';
import { streamNames } from '../../../shared/bus/topology.ts';
import { randomId } from '../../../shared/random.ts';
import { add, plain, until } from '../../support/asking.ts';
import { startDoctor } from '../../support/doctor.ts';
import { type KeptLog, keptLog } from '../../support/kept-log.ts';
import { project, startHive, type TestHive } from '../../support/orchestrator.ts';

const stream = streamNames(project).snapshots;
const msgpack = { 'Content-Type': 'application/msgpack' };
let hive: TestHive;
let log: KeptLog;
let client: BoardClient;
let core: Bus;

beforeEach(async () => {
  log = keptLog();
  hive = await startHive({ log });
  client = await hive.client('operator');
  core = await hive.services('core');
  await hive.configure({ roles: { operator: 'operator' } });
});
afterEach(() => hive.stop());

const subjectAt = (seq: number) => `${subjectsOf(project).prefix}.snapshot.${seq}`;

/** The newest snapshot once more, as whoever damages it leaves it; gives its manifest. */
async function copyWith(
  change: (pieces: SnapshotPiece[], manifest: SnapshotManifest) => void,
): Promise<SnapshotManifest> {
  const [newest] = (await openSnapshots(core, project, randomId).list()).manifests;
  if (newest === undefined) throw new Error('no snapshot');
  const { journal_seq: seq, first_seq: fromSeq } = newest;
  const page = await core.streams.page(stream, { fromSeq, subject: subjectAt(seq), limit: 100 });
  const id = randomId();
  const pieces = page.messages.map((stored) => ({ ...(decode('Snapshot', stored) as SnapshotPiece), id }));
  const manifest = { ...newest, id };
  change(pieces, manifest);
  let first: number | undefined;
  for (const piece of pieces) {
    const stored = await core.append(subjectAt(seq), encode('Snapshot', piece).payload, { headers: msgpack });
    first ??= stored.seq;
  }
  const { lastSeq } = (await core.streams.info(stream))!;
  const found = { ...manifest, first_seq: first ?? lastSeq };
  await core.append(subjectAt(0), encode('Snapshot', found).payload, { headers: msgpack });
  return found;
}

const flipped = (data: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(data);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = bytes[middle]! ^ 0xff;
  return bytes;
};
const damages: [string, Parameters<typeof copyWith>[0], RegExp][] = [
  ['a flipped byte', ([piece]) => void (piece!.data = flipped(piece!.data)), /./],
  ['a piece cut short', ([piece]) => void (piece!.data = piece!.data.slice(0, 20)), /./],
  ['a piece that is missing', (pieces) => void pieces.pop(), /it has \d+ of \d+ pieces/],
  [
    'a digest of something else',
    (_, manifest) => void (manifest.sha256 = 'a'.repeat(64)),
    /its bytes hash to .* expected a{64}/,
  ],
  [
    'garbage for pieces',
    (pieces) => {
      for (const piece of pieces) piece.data = Buffer.from('garbage');
    },
    /./,
  ],
  [
    'too few parts',
    (pieces, manifest) => {
      pieces.splice(1);
      manifest.pieces = 1;
    },
    /./,
  ],
];

test.each(damages)(
  '%s in the newest snapshot is named by doctor, and the one before it is whole still',
  async (_, change, fault) => {
    await hive.stopOrchestrator();
    const { journal_seq: seq } = await copyWith(change);
    const { finding, newest } = await lookAtSnapshots(core, project);
    expect(finding).toMatchObject({
      status: 'warn',
      error: expect.stringContaining(`the snapshot at journal sequence ${seq} cannot be used`),
      mend: expect.stringContaining('`waggle up`'),
    });
    expect(finding.error).toMatch(fault);
    expect(newest?.manifest.journal_seq).toBe(seq);
  },
);

test('a damaged snapshot is named and skipped by the next leader, which writes a new one at once; the board is the same', async () => {
  await add(client, plain('one'));
  await hive.stopOrchestrator();
  const { journal_seq: seq } = await copyWith(([piece]) => {
    piece!.data = flipped(piece!.data);
  });
  const { finding } = await lookAtSnapshots(core, project);
  await hive.startOrchestrator();
  const said = log.lines.filter(({ message }) => message === 'a snapshot is skipped');
  expect(said[0]?.fields['fault']).toBe(finding.error);
  expect(await client.query<'tasks'>({ v: 1, kind: 'tasks' })).toMatchObject({ total: 1 });
  await until('a new one is there and the damaged one is not', async () => {
    const after = await lookAtSnapshots(core, project);
    return after.finding.status === 'pass' && (after.newest?.manifest.journal_seq ?? 0) > seq;
  });
});

test('a manifest that is garbage hides no snapshot, and goes with the next ones; doctor tells of both', async () => {
  const doctor = await startDoctor(hive.server);
  try {
    await add(client, plain('one'));
    await hive.restartOrchestrator();
    const { seq } = await core.append(subjectAt(0), Buffer.from('garbage'));
    await copyWith(([piece]) => void (piece!.data = flipped(piece!.data)));
    const found = await doctor.check('snapshots');
    expect(found).toMatchObject({ status: 'warn', details: expect.stringContaining('is whole (tasks: 1)') });
    expect(found.error).toContain(`the manifest at ${seq} is none`);
    expect(found.error).toContain('cannot be used');
    for (let n = 0; n < 2; n += 1) await hive.restartOrchestrator();
    expect(await doctor.check('snapshots')).toMatchObject({ status: 'pass' });
    expect(await client.query<'tasks'>({ v: 1, kind: 'tasks' })).toMatchObject({ total: 1 });
  } finally {
    doctor.close();
  }
});

test('one byte of a manifest that changed is noticed, although it still is a manifest', async () => {
  await hive.stopOrchestrator();
  const store = openSnapshots(core, project, randomId);
  const { manifests } = await store.list();
  const stored = (await core.streams.get(stream, { lastBySubject: subjectAt(0) }))!;
  const payload = Buffer.from(stored.payload);
  // A digit of its digest for another one: all its fields are as they should be.
  const at = payload.indexOf(manifests[0]!.sha256);
  payload[at] = payload[at] === 0x30 ? 0x31 : 0x30;
  const { seq } = await core.append(subjectAt(0), payload, { headers: stored.headers });
  const listed = await store.list();
  expect(listed.manifests).toEqual(manifests);
  expect(listed.faults).toEqual([`the manifest at ${seq} is none: its bytes changed`]);
});
