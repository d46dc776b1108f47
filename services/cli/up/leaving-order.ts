/**
 * Draining without a supervisor: when `waggle up` was killed, each of its services leaves when those that leave
 * before it have. Agents can then still hand their work over to the orchestrator, and all of them over the bus.
 */
import type { Clock } from '../../../shared/clock.ts';
import { livingOf } from './leftovers.ts';
import { readUpFile, type UpFile, type UpService } from './up-file.ts';

const POLL_MS = 50;

/** Those of `file` that leave before the process `pid`; nobody when it isn't among them. Pure. */
export function leavingBefore(file: Pick<UpFile, 'services'>, pid: number): readonly UpService[] {
  const own = file.services.find((service) => service.pid === pid);
  return own === undefined ? [] : file.services.filter(({ stop_group }) => stop_group < own.stop_group);
}

/** Resolves when it is the turn of process `pid`: the others have ended, or had the time they may take. */
export async function untilOwnTurn(root: string, pid: number, clock: Clock): Promise<void> {
  const file = await readUpFile(root);
  if (file === undefined) return;
  const others = leavingBefore(file, pid);
  const deadline = clock.monotonic() + Math.max(0, ...others.map(({ drain_ms }) => drain_ms));
  while (clock.monotonic() < deadline && (await livingOf(others)).length > 0) await clock.sleep(POLL_MS);
}
