/**
 * A server whose supervisor was killed lives on. Two servers on one store would destroy it, so whoever starts
 * one ends what still runs there.
 *
 * A leftover is recognised by its own command line, which names the configuration file of this very store:
 * a pid file alone may be missing, or name a stranger by now.
 */
import type { Clock } from '../../shared/clock.ts';
import { isAlive, processIdentity } from '../../shared/process/identity.ts';
import { processTable } from '../../shared/process/process-table.ts';
import { serverArguments } from './launch.ts';

const GRACE_MS = 10_000;
const LOOK_MS = 20;

/** Ends (SIGTERM, then SIGKILL) every process that runs on `configFile`; gives the pids it ended. */
export async function endLeftovers(
  configFile: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<number[]> {
  const pids = await processTable.withArguments(serverArguments(configFile));
  await Promise.all(pids.map((pid) => end(pid, clock, signal)));
  return pids;
}

async function end(pid: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity === undefined) return;
  send(pid, 'SIGTERM');
  // A stopped process takes no SIGTERM.
  send(pid, 'SIGCONT');
  const deadline = clock.monotonic() + GRACE_MS;
  let killed = false;
  while (await isAlive(identity)) {
    if (!killed && clock.monotonic() >= deadline) {
      send(pid, 'SIGKILL');
      killed = true;
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
