/**
 * One process of a harness: started as its adapter says, its lines read as events, its limits watched. A run has one of
 * them, and another each time that it is interrupted to be told something.
 *
 * 1. What a line does to whoever reads it never ends the run: a reader that throws is a reader that said nothing.
 * 2. A structured harness that gives no sign of life within `startMs` is ended.
 */
import { writeFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ProcessGroup } from '../process/group.ts';
import type { Adapter, HarnessEvent, Invocation } from './adapter.ts';
import type { OutputChunk } from './guarded-process.ts';
import type { Limits } from './limits.ts';
import { LineSplitter } from './line-splitter.ts';
import { type SupervisedEnd, type SupervisedRun, startSupervised } from './supervised-run.ts';

export interface ProcessOptions extends Limits {
  readonly adapter: Adapter;
  readonly invocation: Invocation;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly startMs?: number;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  readonly logFile?: string;
  readonly logBytes: number;
  readonly onStarted?: (group: ProcessGroup) => void | Promise<void>;
  readonly onOutput?: (chunk: OutputChunk) => void | Promise<void>;
  readonly onEvent: (event: HarnessEvent) => void | Promise<void>;
  /** Output that tells nothing as an event: all of it where the harness prints only text. */
  readonly onPlain: (stream: OutputChunk['stream'], bytes: Uint8Array) => void | Promise<void>;
}

export interface HarnessProcess extends Omit<SupervisedRun, 'ended'> {
  /** As of a supervised run; its files are written first. */
  readonly ended: Promise<SupervisedEnd>;
}

/** Starts it. Rejects only when a callback or the system fails. */
export async function startProcess(options: ProcessOptions): Promise<HarnessProcess> {
  const { adapter, invocation, clock, log, startMs } = options;
  for (const { path, text } of invocation.files ?? []) await writeFile(path, text, { mode: 0o600 });
  const reader = adapter.reader?.();
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  const first = new AbortController();
  const hear = async (events: readonly HarnessEvent[]): Promise<void> => {
    for (const event of events) {
      first.abort();
      await options.onEvent(event);
    }
  };
  const read = async (stream: OutputChunk['stream'], line: string): Promise<void> => {
    if (stream === 'stdout' && line.trimStart().startsWith('{'))
      return hear(guarded(() => reader?.push(line), log));
    const events = guarded(() => reader?.plain?.(line), log);
    await (events.length > 0 ? hear(events) : options.onPlain(stream, Buffer.from(`${line}\n`)));
  };
  const supervised = startSupervised({
    argv: invocation.argv,
    cwd: options.cwd,
    env: options.env,
    graceMs: options.graceMs,
    clock,
    log,
    logBytes: options.logBytes,
    ...(invocation.stdin === undefined ? {} : { stdin: invocation.stdin }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.silenceMs === undefined ? {} : { silenceMs: options.silenceMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    ...(options.onStarted === undefined ? {} : { onStarted: options.onStarted }),
    onOutput: async (chunk) => {
      await options.onOutput?.(chunk);
      if (reader === undefined) return options.onPlain(chunk.stream, chunk.bytes);
      for (const line of splitters[chunk.stream].push(chunk.bytes)) await read(chunk.stream, line);
    },
  });
  const ended = (async (): Promise<SupervisedEnd> => {
    try {
      const end = await supervised.ended;
      for (const stream of ['stdout', 'stderr'] as const)
        for (const line of splitters[stream].end()) await read(stream, line);
      const lines = splitters.stdout.skipped + splitters.stderr.skipped;
      if (lines > 0) log.warn({ lines }, 'lines of output were too long to read');
      return end;
    } finally {
      first.abort();
    }
  })();
  // Whoever awaits it sees a failure.
  ended.catch(() => {});
  if (reader !== undefined && startMs !== undefined)
    clock.sleep(startMs, first.signal).then(
      () => supervised.reach('start'),
      () => undefined,
    );
  return {
    ended,
    outputBytes: supervised.outputBytes,
    lastOutputAgeMs: supervised.lastOutputAgeMs,
    reach: supervised.reach,
    interrupt: supervised.interrupt,
  };
}

function guarded(read: () => readonly HarnessEvent[] | undefined, log: Log): readonly HarnessEvent[] {
  try {
    return read() ?? [];
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'a line of output could not be read');
    return [];
  }
}
