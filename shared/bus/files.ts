/**
 * Files on the bus: content-addressed chunks in FILES, each written with a PubAck, read through the read
 * service and verified. Writing the same content again is harmless: it lands on the same subjects.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, stat, unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import PQueue from 'p-queue';
import { CHUNK_BYTES, type FileRef } from '../../schemas/index.ts';
import { WaggleError } from '../errors.ts';
import type { Bus } from './port.ts';
import type { Reader } from './read-client.ts';
import { subjectsOf } from './subjects.ts';

const IN_FLIGHT = 4;

/** How the file at `path` will be referred to once `owner` has stored it; reads it whole. */
export async function describeFile(owner: string, path: string): Promise<FileRef> {
  const sha256 = await hashOf(path);
  const { size } = await stat(path);
  return { owner, sha256, size_bytes: size, chunks: Math.max(1, Math.ceil(size / CHUNK_BYTES)) };
}

/** Stores the file at `path` under `owner`; resolves when every chunk is acked. */
export async function putFile(swarm: Bus, project: string, owner: string, path: string): Promise<FileRef> {
  const sha256 = await hashOf(path);
  const { size } = await stat(path);
  const subjects = subjectsOf(project);
  const queue = new PQueue({ concurrency: IN_FLIGHT });
  const failures: unknown[] = [];
  let n = 0;
  const send = async (chunk: number, bytes: Uint8Array) => {
    try {
      await swarm.append(subjects.file(owner, sha256, chunk), bytes, {
        headers: { 'Content-Type': 'application/octet-stream' },
        timeoutMs: 10_000,
      });
    } catch (error) {
      failures.push(error);
    }
  };
  // An empty file is one empty chunk, so that it can be told from an absent one.
  const source =
    size === 0 ? Readable.from([Buffer.alloc(0)]) : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  for await (const bytes of source as AsyncIterable<Buffer>) {
    if (failures.length > 0) break;
    await queue.onSizeLessThan(IN_FLIGHT);
    const chunk = n;
    n += 1;
    void queue.add(() => send(chunk, bytes));
  }
  await queue.onIdle();
  if (failures.length > 0) throw failures[0];
  return { owner, sha256, size_bytes: size, chunks: n };
}

/** Fetches a file to `path`, which appears whole or not at all. Errors: `file-absent`, `file-damaged`. */
export async function getFile(
  reader: Reader,
  file: FileRef,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  const part = `${path}.part`;
  const chunks = async function* () {
    for (let n = 0; n < file.chunks; n += 1) {
      const bytes = await reader.chunk(file.owner, file.sha256, n, signal);
      if (bytes === undefined) throw new WaggleError('file-absent', { ...file, chunk: n });
      hash.update(bytes);
      yield bytes;
    }
  };
  try {
    await pipeline(chunks, createWriteStream(part));
    const found = hash.digest('hex');
    if (found !== file.sha256) throw new WaggleError('file-damaged', { ...file, found });
    await rename(part, path);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
