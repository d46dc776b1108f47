/**
 * Watching real processes from tests: who runs with a marker among its arguments, and waiting with a reason.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processTable } from '../../shared/process/process-table.ts';

const run = promisify(execFile);

/** Pids of the living (no zombies) whose command line holds `marker`. */
export async function processesWith(marker: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=', '-o', 'stat=', '-o', 'args='], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null || match[2]!.startsWith('Z') || !match[3]!.includes(marker)) return [];
    return [Number(match[1])];
  });
}

/** Asks every 10 ms; fails with `reason` when it isn't true in time. */
export async function waitUntil(
  reason: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${reason}`);
    await sleep(10);
  }
}

/** Waits until that many run: a shell that forks shows its own command line twice for a moment. */
export async function expectRunning(marker: string, count: number): Promise<void> {
  await waitUntil(
    `${count} processes with ${marker}`,
    async () => (await processesWith(marker)).length === count,
  );
}

/** Pids of the living whose environment holds `marker` (`NAME=value`), whatever their group; Linux alone can tell. */
export async function processesMarked(marker: string): Promise<number[]> {
  const living = (await processTable.all()).filter(({ zombie }) => !zombie);
  return living.flatMap(({ pid }) => (environmentOf(pid).includes(marker) ? [pid] : []));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile, or is not ours.
    return [];
  }
}
