/**
 * Loaded by vitest before each test file. With `WAGGLE_JITTER_MS=40 npm test` the calls of the file system and the writes to
 * sockets in this process take longer by chance: most not at all, some up to so many milliseconds, a few up to eight times
 * as many. A test that takes for granted what it should wait for, between two processes or two connections, fails then as
 * it would once in a hundred runs on a busy machine. Not for every run: what is held to a bound of time may fail as well.
 */
import fileSystem from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

const chosen = process.env.WAGGLE_JITTER_MS || '0';
if (!/^\d{1,4}$/.test(chosen)) {
  throw new Error(
    `WAGGLE_JITTER_MS is a number of at most 4 digits, of milliseconds, and was ${JSON.stringify(chosen)}`,
  );
}
const mostMs = Number(chosen);

const LONG_SHARE = 0.02;
const LONG_TIMES = 8;
const SLOW_FILES = 0.3;
const SLOW_WRITES = 0.2;

/** How long to wait, of calls of which that share is slow; 0: not at all. */
function delayMs(slowShare: number): number {
  const chance = Math.random();
  if (chance >= slowShare) return 0;
  return Math.random() * mostMs * (chance < slowShare * LONG_SHARE ? LONG_TIMES : 1);
}

const pause = async (): Promise<void> => {
  const ms = delayMs(SLOW_FILES);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
};

type Call = (this: unknown, ...args: unknown[]) => unknown;

/** Before and after each: what is asked for may have changed by then, and so may what was read. */
function slowFiles(): void {
  const calls = fileSystem as unknown as Record<string, unknown>;
  for (const [name, call] of Object.entries(calls)) {
    // That one gives its changes one by one.
    if (typeof call !== 'function' || name === 'watch') continue;
    calls[name] = async (...args: unknown[]) => {
      await pause();
      const result = await (call as Call).apply(fileSystem, args);
      await pause();
      return result;
    };
  }
  syncBuiltinESMExports();
}

/** A stream has one write under way at a time, so a socket keeps its order. */
function slowSockets(): void {
  const writes = Socket.prototype as unknown as Record<'_write' | '_writev', Call>;
  for (const name of ['_write', '_writev'] as const) {
    const write = writes[name];
    writes[name] = function (...args) {
      const ms = delayMs(SLOW_WRITES);
      if (ms === 0) write.apply(this, args);
      else setTimeout(() => write.apply(this, args), ms);
    };
  }
}

// A process runs many files of tests one after the other.
const isDone = Symbol.for('waggle.test.jitter');
const marks = globalThis as unknown as Record<symbol, boolean>;
if (mostMs > 0 && marks[isDone] !== true) {
  marks[isDone] = true;
  slowFiles();
  slowSockets();
}
