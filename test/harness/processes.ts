/**
 * The processes of a run on this machine, whoever their parent is: they have its id in their environment.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Whether they can be found here. */
export const canFindProcesses = process.platform === 'linux';

/** Their ids; those that have ended and wait for their parent are none. */
export function processesOf(run: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(`WAGGLE_RUN=${run}`))
    .map(Number);
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return [];
  }
}
