import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type BackupRecord,
  type BackupSummary,
  backupStreams,
  openBackup,
  writeBackup,
} from '../../../../shared/backup/container.ts';
import { ownHeaders, StreamDigest } from '../../../../shared/backup/stream-digest.ts';
import { temporaryFolder } from '../../../support/repository.ts';

let place: { path: string; remove(): void };
beforeAll(() => {
  place = temporaryFolder('waggle-backup-');
});
afterAll(() => place.remove());

const header = { waggle_backup: 1, project: 'p', created_at: 1, version: '0', journal_seq: 3 } as const;
const none = { messages: 0, bytes: 0, last: 0, digest: '' };
const summary: BackupSummary = { journal: none, snapshots: none, mail: none, files: none };
async function* given(records: readonly BackupRecord[]) {
  yield* records;
}
const message: fc.Arbitrary<BackupRecord> = fc.record({
  stream: fc.constantFrom(...backupStreams),
  seq: fc.integer({ min: 1, max: 2 ** 40 }),
  subject: fc.string({ minLength: 1 }),
  headers: fc.dictionary(fc.stringMatching(/^[A-Z][a-z-]{0,8}$/), fc.string()),
  payload: fc.uint8Array({ maxLength: 100_000 }),
});

async function readAll(file: string) {
  const backup = await openBackup(file);
  const records: BackupRecord[] = [];
  const iterator = backup.records();
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return { header: backup.header, records, summary: next.value };
    const { payload, ...rest } = next.value;
    records.push({ ...rest, payload: Uint8Array.from(payload) });
  }
}

it('what was written is read again, byte for byte', async () => {
  const file = join(place.path, 'whole');
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 20 }), async (records) => {
      await writeBackup(file, header, given(records), () => summary);
      const read = await readAll(file);
      expect(read).toEqual({ header, records, summary });
    }),
    { numRuns: 20 },
  );
});

it('a file that was cut or changed anywhere is damaged', async () => {
  const file = join(place.path, 'damaged');
  const record = {
    stream: 'mail',
    seq: 1,
    subject: 's',
    headers: {},
    payload: new Uint8Array(2_000),
  } as const;
  await writeBackup(file, header, given([record, { ...record, seq: 2 }]), () => summary);
  const whole = readFileSync(file);
  const damages = [
    ...[1, 20, whole.length >> 1, whole.length - 1].map((length) => whole.subarray(0, length)),
    ...[0, 12, whole.length >> 1, whole.length - 6].map((at) => {
      const copy = Buffer.from(whole);
      copy.writeUInt8(copy.readUInt8(at) ^ 0x55, at);
      return copy;
    }),
    Buffer.concat([whole, Buffer.from('more')]),
  ];
  for (const damage of damages) {
    writeFileSync(file, damage);
    await expect(readAll(file)).rejects.toMatchObject({ code: 'backup-damaged' });
  }
  await expect(readAll(join(place.path, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a file that could not be finished does not appear', async () => {
  const file = join(place.path, 'broken');
  async function* breaking(): AsyncGenerator<BackupRecord> {
    yield { stream: 'mail', seq: 1, subject: 's', headers: {}, payload: new Uint8Array(1) };
    throw new Error('the bus went away');
  }
  await expect(writeBackup(file, header, breaking(), () => summary)).rejects.toThrow('went away');
  await expect(readAll(file)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(readAll(`${file}.part`)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('the digest of a log tells sequences apart; that of files is a set', () => {
  const content = (seq: number, subject: string, text = 'x') => ({
    seq,
    subject,
    headers: {},
    payload: Buffer.from(text),
  });
  const digestOf = (stream: 'mail' | 'files', ...contents: ReturnType<typeof content>[]) => {
    const digest = new StreamDigest(stream);
    for (const one of contents) digest.add(one);
    return digest.summary(9);
  };
  expect(digestOf('mail', content(1, 'a')).digest).not.toBe(digestOf('mail', content(2, 'a')).digest);
  expect(digestOf('files', content(1, 'a'), content(2, 'b'))).toEqual(
    digestOf('files', content(1, 'b'), content(2, 'a', 'old'), content(3, 'a')),
  );
  expect(digestOf('files', content(1, 'a', 'y')).digest).not.toBe(digestOf('files', content(1, 'a')).digest);
  expect(ownHeaders({ 'Nats-Msg-Id': '1', 'nats-expected-stream': 'x', 'Content-Type': 'a' })).toEqual({
    'Content-Type': 'a',
  });
});
