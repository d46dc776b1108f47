/**
 * One guard process: the parent's end of it. It ends a process group when this process dies (see
 * guard-script.ts); as long as it lives, nothing else about it matters.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { GUARD_SCRIPT } from './guard-script.ts';

/**
 * How long the members of a dead worker's group may take after TERM, whatever the profile says: they must be gone
 * within two seconds of its death, on a busy machine too.
 */
const ORPHAN_GRACE_MS = 700;

export interface Guard {
  readonly pid: number;
  /** Resolves when the guard has ended, whatever ended it. */
  readonly gone: Promise<void>;
  /** Tells it which group to end; resolves once it knows. Rejects when it ended before that. */
  watch(pgid: number): Promise<void>;
  /** Ends the guard and leaves the group alone. */
  release(): Promise<void>;
}

/** Starts a guard. `path` is the PATH on which it finds `sleep`. */
export async function startGuard(path: string, graceMs: number): Promise<Guard> {
  const tenths = Math.ceil(Math.min(graceMs, ORPHAN_GRACE_MS) / 100);
  const child = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'waggle-guard', String(tenths)], {
    detached: true,
    cwd: '/',
    env: { PATH: `${path}:/usr/bin:/bin` },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await once(child, 'spawn');
  // Writing to a guard that somebody killed: `gone` tells.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    gone,
    watch: async (pgid) => {
      child.stdin.write(`${pgid}\n`);
      await Promise.race([ready(child), gone.then(() => Promise.reject(new Error('its guard ended')))]);
    },
    release: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function ready(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  await once(child.stdout, 'data');
}
