/**
 * The worker's ledger: one entry when each run has ended. It is for people; a ledger that cannot be written is logged
 * and fails nothing.
 *
 * It is given the end of the run's raw output and not the tail of its report: that one's lines are cut, and a cut
 * secret is not known as one.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.ts';
import { OUTPUT_LOG_BYTES } from '../../shared/harness/output-log.ts';
import type { LedgerRun } from '../../shared/ledger/entry.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { Log } from '../../shared/log.ts';

/** A run as the ledger has it, and the file with its raw output. */
export interface NotedRun {
  /** `tail` is used where the file does not hold the end of the output. */
  readonly run: LedgerRun;
  readonly outputFile: string;
}

/** Where ended runs are noted; never rejects. */
export interface RunLedger {
  note(noted: NotedRun): Promise<void>;
}

export const runLedger = (ledger: Pick<Ledger, 'append'>, log: Log): RunLedger => ({
  note: (noted) => noteRun(ledger, noted, log),
});

/** Far more than an entry shows: a key that ends in what it shows begins in here. */
const END_BYTES = 256 * 1024;
const LF = 0x0a;

async function noteRun(
  ledger: Pick<Ledger, 'append'>,
  { run, outputFile }: NotedRun,
  log: Log,
): Promise<void> {
  try {
    const end = await endOf(outputFile).catch((error: unknown) => {
      // A harness that did not start has left no output.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      log.warn({ run: run.runId, reason: messageOf(error) }, 'the output of a run could not be read');
      return undefined;
    });
    await ledger.append(end === undefined ? run : { ...run, tail: end });
  } catch (error) {
    log.warn({ run: run.runId, reason: messageOf(error) }, 'the ledger could not be written');
  }
}

/**
 * The last 256 KiB at most, from the start of a line where one begins in there; undefined when the file is empty or
 * took only the beginning of the output.
 */
async function endOf(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0 || size >= OUTPUT_LOG_BYTES) return undefined;
    const from = Math.max(0, size - END_BYTES);
    const end = await bytesFrom(handle, from, size - from);
    const start = from === 0 ? 0 : end.indexOf(LF) + 1;
    return end.subarray(start).toString('utf8');
  } finally {
    await handle.close();
  }
}

async function bytesFrom(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
