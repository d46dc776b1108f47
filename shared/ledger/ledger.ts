/**
 * The Markdown file that records a worker's runs, for people and for the seed's tools; no part of Waggle decides
 * by it. Only its owner may read it. It lies outside the trees that agents edit, and only one process writes it
 * (whoever holds the worker's state lock).
 *
 * 1. The head appears whole or not at all; an entry is one write, and entries are written one after another.
 * 2. Whatever stands at the end of the file, an entry begins on a line of its own, outside every fence. So the
 *    end is read again whenever it is not where the last write left it: after a crash, a failed write, an edit.
 */
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import PQueue from 'p-queue';
import { writePrivateFile } from '../config/whole-file.ts';
import { type LedgerHead, type LedgerRun, renderEntry, renderHead } from './entry.ts';

export interface Ledger {
  /** Resolves when the entry is in the file. Rejects with the file system's error; the next may succeed. */
  append(run: LedgerRun): Promise<void>;
}

export interface LedgerOptions extends LedgerHead {
  readonly file: string;
}

/** The ledger in `file`; it and its folder are made with the first entry, by whoever opens it first. */
export function openLedger(options: LedgerOptions): Ledger {
  const { file, name } = options;
  const queue = new PQueue({ concurrency: 1 });
  let endsAt: number | undefined;

  const write = async (entry: string): Promise<void> => {
    if ((await sizeOf(file)) === 0) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writePrivateFile(file, renderHead(options));
    }
    const handle = await open(file, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const mending = size === endsAt ? '' : await mend(handle, size);
      endsAt = undefined;
      await handle.appendFile(mending + entry);
      endsAt = (await handle.stat()).size;
    } finally {
      await handle.close();
    }
  };

  return {
    async append(run) {
      const entry = renderEntry(name, run);
      await queue.add(() => write(entry));
    },
  };
}

/** Cuts off half a code point at the end; gives what ends an open line, an open fence and the paragraph. */
async function mend(handle: FileHandle, size: number): Promise<string> {
  let fence = '';
  for await (const line of handle.readLines({ start: 0, autoClose: false })) {
    const found = /^`{3,}(?=\s*$)/.exec(line)?.[0] ?? '';
    if (fence === '') fence = found;
    else if (found.length >= fence.length) fence = '';
  }
  const { buffer } = await handle.read({
    buffer: Buffer.alloc(Math.min(size, 16)),
    position: Math.max(0, size - 16),
  });
  const half = unfinishedBytes(buffer);
  if (half > 0) await handle.truncate(size - half);
  const end = buffer.subarray(0, buffer.length - half).toString('latin1');
  const line = end.endsWith('\n') ? '' : '\n';
  if (fence !== '') return `${line}${fence}\n\n`;
  return end.endsWith('\n\n') ? '' : `${line}\n`;
}

/** How many bytes at the end begin a code point that isn't complete; 0 when the end is no UTF-8 at all. */
function unfinishedBytes(end: Buffer): number {
  let from = 0;
  while (from < end.length && ((end[from] ?? 0) & 0xc0) === 0x80) from++;
  const whole = end.subarray(from);
  const read = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole, { stream: true }));
  return whole.subarray(0, read.length).equals(read) ? whole.length - read.length : 0;
}

/** 0 when there is no such file. */
async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
