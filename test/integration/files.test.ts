import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHUNK_BYTES } from '../../schemas/index.ts';
import { getFile, putFile } from '../../shared/bus/files.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { createReader, type Reader } from '../../shared/bus/read-client.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { project, startHive, type TestHive } from '../support/orchestrator.ts';
import { temporaryFolder } from '../support/repository.ts';

const folder = temporaryFolder();
const subjects = subjectsOf(project);
let hive: TestHive;
let w1: Bus;
let reader: Reader;
let files = 0;

beforeAll(async () => {
  hive = await startHive();
  w1 = await hive.connect('w1');
  reader = createReader(await hive.connect('c1'), project, 'c1');
});
afterAll(async () => {
  await hive.stop();
  folder.remove();
});

async function store(content: Uint8Array) {
  files += 1;
  const path = join(folder.path, `in-${files}`);
  writeFileSync(path, content);
  return { ref: await putFile(w1, project, 'w1', path), out: join(folder.path, `out-${files}`) };
}

test.each([
  ['an empty file', 0, 1],
  ['a byte', 1, 1],
  ['exactly one chunk', CHUNK_BYTES, 1],
  ['one byte more', CHUNK_BYTES + 1, 2],
  ['3 MiB', 3 * 1024 * 1024, 6],
])('%s comes back as it was stored', async (_, bytes, chunks) => {
  const content = randomBytes(bytes);
  const { ref, out } = await store(content);
  expect(ref).toEqual({
    owner: 'w1',
    sha256: createHash('sha256').update(content).digest('hex'),
    size_bytes: bytes,
    chunks,
  });
  await getFile(reader, ref, out);
  expect(readFileSync(out).equals(content)).toBe(true);
});

test('storing the same content again changes nothing', async () => {
  const content = randomBytes(1_000);
  const first = await store(content);
  const second = await store(content);
  expect(second.ref).toEqual(first.ref);
  await getFile(reader, first.ref, first.out);
  expect(readFileSync(first.out).equals(content)).toBe(true);
});

test('a chunk that is not stored makes the file absent, and nothing appears', async () => {
  const { ref, out } = await store(randomBytes(CHUNK_BYTES + 5));
  const longer = { ...ref, chunks: 3 };
  await expect(getFile(reader, longer, out)).rejects.toMatchObject({
    code: 'file-absent',
    details: { chunk: 2, chunks: 3, owner: 'w1' },
  });
  expect([existsSync(out), existsSync(`${out}.part`)]).toEqual([false, false]);
});

test.each([
  ['other bytes', Buffer.from('other bytes'), 'file-damaged'],
  ['nothing', Buffer.alloc(0), 'file-damaged'],
  ['more than a chunk may have', Buffer.alloc(CHUNK_BYTES + 1), 'file-absent'],
  ['nearly all that a message may have', Buffer.alloc(1_048_000), 'file-absent'],
])('a chunk overwritten with %s is noticed', async (_, bytes, code) => {
  const { ref, out } = await store(randomBytes(CHUNK_BYTES + 5));
  await w1.append(subjects.file('w1', ref.sha256, 1), bytes);
  await expect(getFile(reader, ref, out)).rejects.toMatchObject({ code });
  expect(existsSync(out)).toBe(false);
});

test('a file is stored and fetched over a restart of the bus by whoever asks again', async () => {
  const content = randomBytes(CHUNK_BYTES * 2);
  const { ref, out } = await store(content);
  await hive.server.kill();
  await expect(getFile(reader, ref, out)).rejects.toMatchObject({
    code: expect.stringMatching(/^bus-|^no-/),
  });
  await hive.server.restart();
  for (;;) {
    try {
      await getFile(reader, ref, out);
      break;
    } catch (error) {
      // The orchestrator and this connection come back in their own time.
      expect(error).toMatchObject({ code: expect.stringMatching(/^bus-|^no-/) });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  expect(readFileSync(out).equals(content)).toBe(true);
});
