/**
 * What a killed `waggle up` left behind: services that drain without their supervisor, and a nats-server whose
 * own keeper was killed as well.
 */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { endLeftovers } from '../../../infra/nats/leftover.ts';
import type { Clock } from '../../../shared/clock.ts';
import { removeBusFile } from '../../../shared/config/bus-file.ts';
import { isWaggleError } from '../../../shared/errors.ts';
import { acquireStateLock, type StateLock } from '../../../shared/process/state-lock.ts';
import { randomId } from '../../../shared/random.ts';
import { isRunning, type UpFile, type UpService } from './up-file.ts';

const POLL_MS = 50;

/** Ends the services of a dead `up` that still run: they are draining already. Gives their names. */
export async function endServices(
  file: UpFile,
  options: { readonly graceMs: number; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<string[]> {
  const { graceMs, clock, signal } = options;
  const deadline = clock.monotonic() + graceMs;
  const ended = new Set<string>();
  for (;;) {
    const living = await livingOf(file.services);
    for (const { name } of living) ended.add(name);
    if (living.length === 0) return [...ended];
    if (clock.monotonic() >= deadline) for (const { pid } of living) send(pid, 'SIGKILL');
    await clock.sleep(POLL_MS, signal);
  }
}

/** Those of `services` that run. */
export async function livingOf(services: readonly UpService[]): Promise<UpService[]> {
  const living = await Promise.all(services.map(isRunning));
  return services.filter((_, index) => living[index]);
}

/** Whether some process keeps the embedded server of this folder. Undefined lock: somebody does. */
async function lockBus(stateRoot: string): Promise<StateLock | undefined> {
  try {
    return await acquireStateLock(join(stateRoot, 'nats'), { randomId });
  } catch (error) {
    if (isWaggleError(error, 'state-locked') || isWaggleError(error, 'state-foreign')) return undefined;
    throw error;
  }
}

/** Whether a `waggle nats` runs for this folder. */
export async function isBusKept(stateRoot: string): Promise<boolean> {
  if (!existsSync(join(stateRoot, 'nats'))) return false;
  const lock = await lockBus(stateRoot);
  await lock?.release();
  return lock === undefined;
}

/** Ends an embedded server that nobody keeps any more, and takes bus.json away; the pids it ended. */
export async function endOrphanBus(root: string, clock: Clock): Promise<number[]> {
  const dir = join(root, '.waggle', 'nats');
  if (!existsSync(dir)) return [];
  const lock = await lockBus(join(root, '.waggle'));
  if (lock === undefined) return [];
  try {
    const pids = await endLeftovers(join(await realpath(dir), 'nats.conf'), clock);
    await removeBusFile(root);
    return pids;
  } finally {
    await lock.release();
  }
}

/** Sends a signal to a process that was found alive; nothing happens when it has ended meanwhile. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
