/**
 * Streams a log of the tracker from a file or from standard input, one event at a time: memory does not grow with the
 * log.
 */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { systemClock } from '../../shared/clock.ts';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import { LineSplitter } from '../../shared/harness/line-splitter.ts';
import type { TrackerEvent } from '../../shared/tracker-log/event.ts';
import { LogReading, type ReadingReport } from '../../shared/tracker-log/reading.ts';
import { progressLine } from './progress-line.ts';
import type { Session } from './session.ts';

const CHUNK_BYTES = 256 * 1024;

/** Hands every event of the log to `take`, in order. Errors: `usage` for what is no log or cannot be read. */
export async function readTrackerLog(
  session: Session,
  name: string,
  take: (event: TrackerEvent) => void,
  { showsProgress = true }: { readonly showsProgress?: boolean } = {},
): Promise<ReadingReport> {
  const reading = new LogReading();
  const splitter = new LineSplitter();
  const progress = progressLine(session.stderr, showsProgress, systemClock);
  let skipped = 0;
  const feed = (lines: readonly string[]) => {
    for (const line of lines) for (const event of reading.line(line)) take(event);
    reading.skipped(splitter.skipped - skipped);
    skipped = splitter.skipped;
  };
  try {
    for await (const bytes of open(session, name)) {
      session.signal.throwIfAborted();
      feed(splitter.push(bytes));
      progress.show(`${name}: ${reading.lines} lines`);
    }
    feed(splitter.end());
    for (const event of reading.end()) take(event);
  } finally {
    progress.clear();
  }
  const report = reading.report();
  const { lines, events, findings } = report;
  if (events === 0 && lines > 0) {
    const first = findings[0] === undefined ? '' : `; line ${findings[0].line}: ${findings[0].fault}`;
    const message = `${name} is no log of the sv tracker (expected lines such as those of .tasks/tasks.jsonl): none of its ${lines} lines is an event${first}`;
    throw new WaggleError('usage', { message });
  }
  return report;
}

async function* open({ stdin, folder, signal }: Session, name: string): AsyncGenerator<Uint8Array> {
  const source = addAbortSignal(
    signal,
    name === '-' ? stdin : createReadStream(resolve(folder, name), { highWaterMark: CHUNK_BYTES }),
  );
  try {
    for await (const part of source) yield typeof part === 'string' ? Buffer.from(part) : part;
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `cannot read ${name}: ${messageOf(error)}; expected the tracker's log, such as .tasks/tasks.jsonl, or - for standard input`;
    throw new WaggleError('usage', { message }, { cause: error });
  }
}
