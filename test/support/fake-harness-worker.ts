/**
 * A stand-in for a worker: runs the command line it is given under guard, prints the group's number once
 * the program says something, and then waits to be killed.
 */
import { systemClock } from '../../shared/clock.ts';
import { startGuarded } from '../../shared/harness/guarded-process.ts';

let group: number | undefined;
let isHeard = false;
const tell = (): void => {
  if (isHeard && group !== undefined) process.stdout.write(`${group}\n`);
};
const guarded = await startGuarded({
  argv: process.argv.slice(2),
  cwd: process.cwd(),
  env: { PATH: '/usr/bin:/bin' },
  // A guard leaves less than that to what its dead worker left.
  graceMs: 60_000,
  clock: systemClock,
  onOutput: () => {
    isHeard = true;
    tell();
  },
});
group = guarded.group.pgid;
tell();
await guarded.exited;
