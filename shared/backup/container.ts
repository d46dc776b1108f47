/**
 * A backup as one file: a header line of JSON, records of MessagePack with their lengths before them, a closing
 * record with counts and digests; all of it compressed. Owns reading and writing that; knows nothing of a bus.
 *
 * 1. The file appears under its name only when it is whole and on the disk.
 * 2. What is read was checked: a file that was cut or changed is `backup-damaged`, also when it is so in its middle.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Packr } from 'msgpackr';
import type { Headers, Payload } from '../bus/port.ts';
import { messageOf, WaggleError } from '../errors.ts';

/** The streams of a project that a backup holds, in the order in which it holds them. */
export const backupStreams = ['journal', 'snapshots', 'mail', 'files'] as const;
export type BackupStream = (typeof backupStreams)[number];

/** Format of the file. */
const CONTAINER = 1;

export interface BackupHeader {
  readonly waggle_backup: typeof CONTAINER;
  readonly project: string;
  /** Wall time of its beginning, milliseconds since the epoch. */
  readonly created_at: number;
  /** The version of Waggle that wrote it. */
  readonly version: string;
  /** The journal's last sequence: everything else is as it was then, or a little later. */
  readonly journal_seq: number;
}

/** A stored message; without the headers by which it was stored. */
export interface BackupRecord {
  readonly stream: BackupStream;
  readonly seq: number;
  readonly subject: string;
  readonly headers: Headers;
  readonly payload: Payload;
}

/** What a stream holds. `last` is its last sequence, also where no message stands there any more. */
export interface StreamSummary {
  readonly messages: number;
  readonly bytes: number;
  readonly last: number;
  readonly digest: string;
}

export type BackupSummary = Readonly<Record<BackupStream, StreamSummary>>;

const packr = new Packr({ useRecords: false });
const NEWLINE = 0x0a;
/** Longer than any message of a server. */
const RECORD_LIMIT = 128 * 1024 * 1024;
const HEADER_LIMIT = 64 * 1024;

/** Writes the file and gives its size in bytes. `summary` is asked for after the last record. */
export async function writeBackup(
  file: string,
  header: BackupHeader,
  records: AsyncIterable<BackupRecord>,
  summary: () => BackupSummary,
): Promise<number> {
  const part = `${file}.part`;
  const hash = createHash('sha256');
  async function* bytes(): AsyncGenerator<Buffer> {
    yield seen(hash, Buffer.from(`${JSON.stringify(header)}\n`));
    for await (const { stream, seq, subject, headers, payload } of records)
      yield seen(hash, framed({ s: stream, q: seq, u: subject, h: headers, p: payload }));
    yield framed({ end: summary(), sha256: hash.copy().digest('hex') });
  }
  try {
    const sink = createWriteStream(part, { mode: 0o600 });
    await pipeline(Readable.from(bytes()), createGzip({ level: 3 }), sink);
    const handle = await open(part, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return (await stat(file)).size;
}

function seen(hash: Hash, bytes: Buffer): Buffer {
  hash.update(bytes);
  return bytes;
}

function framed(value: unknown): Buffer {
  const body = packr.pack(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.byteLength);
  return Buffer.concat([length, body]);
}

export interface OpenBackup {
  readonly header: BackupHeader;
  /** Every record, once; then the closing one was there and fitted. Errors: `backup-damaged`. */
  records(): AsyncGenerator<BackupRecord, BackupSummary>;
  close(): void;
}

/** Opens a backup for one reading. Errors: `backup-damaged` (no backup at all, too), those of the file system. */
export async function openBackup(file: string): Promise<OpenBackup> {
  const damaged = (fault: string) => new WaggleError('backup-damaged', { file, fault });
  const source = createReadStream(file);
  const plain = createGunzip();
  const bytes = new ByteReader(plain);
  // The reader below sees the error too, through the stream it reads.
  source.on('error', (error) => plain.destroy(error)).pipe(plain);
  const close = () => {
    source.destroy();
    plain.destroy();
  };
  const translated = (error: unknown): unknown => {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof WaggleError || code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      return error;
    return damaged(messageOf(error));
  };
  try {
    const line = await bytes.until(NEWLINE, HEADER_LIMIT);
    const header = readHeader(line, damaged);
    const hash = createHash('sha256').update(line).update('\n');
    return { header, records: () => readRecords(bytes, hash, damaged, translated, close), close };
  } catch (error) {
    close();
    throw translated(error);
  }
}

function readHeader(line: Buffer, damaged: (fault: string) => WaggleError): BackupHeader {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw damaged('it does not begin with the header of a backup');
  }
  const { waggle_backup, project, created_at, version, journal_seq } = (value ?? {}) as Partial<BackupHeader>;
  if (waggle_backup === undefined) throw damaged('it does not begin with the header of a backup');
  if (waggle_backup !== CONTAINER)
    throw damaged(`it is of format ${String(waggle_backup)}, and this version reads format ${CONTAINER}`);
  const isWhole =
    typeof project === 'string' &&
    typeof version === 'string' &&
    Number.isSafeInteger(created_at) &&
    Number.isSafeInteger(journal_seq);
  if (!isWhole) throw damaged('its header lacks something');
  return value as BackupHeader;
}

async function* readRecords(
  bytes: ByteReader,
  hash: Hash,
  damaged: (fault: string) => WaggleError,
  translated: (error: unknown) => unknown,
  close: () => void,
): AsyncGenerator<BackupRecord, BackupSummary> {
  try {
    for (;;) {
      const length = await bytes.exactly(4);
      const size = length.readUInt32BE();
      if (size > RECORD_LIMIT) throw damaged('a record in it is longer than any may be');
      const body = await bytes.exactly(size);
      const value = packr.unpack(body) as Readonly<Record<string, unknown>>;
      if ('end' in value) {
        if (value['sha256'] !== hash.digest('hex')) throw damaged('its content has another digest');
        if (!(await bytes.isOver())) throw damaged('something stands behind its end');
        return value['end'] as BackupSummary;
      }
      hash.update(length).update(body);
      yield recordOf(value, damaged);
    }
  } catch (error) {
    throw translated(error);
  } finally {
    close();
  }
}

function recordOf(
  { s, q, u, h, p }: Readonly<Record<string, unknown>>,
  damaged: (fault: string) => WaggleError,
): BackupRecord {
  const stream = backupStreams.find((known) => known === s);
  const isWhole =
    stream !== undefined && Number.isSafeInteger(q) && typeof u === 'string' && p instanceof Uint8Array;
  if (!isWhole || typeof h !== 'object' || h === null) throw damaged('a record in it is none');
  return { stream, seq: Number(q), subject: u, headers: h as Headers, payload: p };
}

/** Parts of a byte stream as they are asked for. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Throws when the stream ends before. */
  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [this.#rest];
    let have = this.#rest.byteLength;
    while (have < count) {
      const chunk = await this.#next();
      if (chunk === undefined) throw new Error('it ends too early');
      parts.push(chunk);
      have += chunk.byteLength;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(count);
    return all.subarray(0, count);
  }

  /** What stands before the mark, which is taken too. Throws when it is not among the first `limit` bytes. */
  async until(mark: number, limit: number): Promise<Buffer> {
    for (;;) {
      const at = this.#rest.indexOf(mark);
      if (at >= 0) {
        const found = this.#rest.subarray(0, at);
        this.#rest = this.#rest.subarray(at + 1);
        return found;
      }
      const chunk = this.#rest.byteLength > limit ? undefined : await this.#next();
      if (chunk === undefined) throw new Error('it does not begin with the header of a backup');
      this.#rest = Buffer.concat([this.#rest, chunk]);
    }
  }

  async isOver(): Promise<boolean> {
    if (this.#rest.byteLength > 0) return false;
    const chunk = await this.#next();
    return chunk === undefined;
  }

  async #next(): Promise<Buffer | undefined> {
    const { done, value } = await this.#chunks.next();
    return done === true ? undefined : value;
  }
}
