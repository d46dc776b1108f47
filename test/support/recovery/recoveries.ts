/**
 * The scenarios of the recovery figures: what goes wrong, and how long it takes until the swarm goes on. Each checks that
 * nothing was lost or doubled, and gives its measurements in milliseconds.
 */
import { busKilled, busStopped } from './buses.ts';
import { committerKilled, committerStopped } from './committers.ts';
import { busDiskFull, committerDiskFull, workerDiskFull } from './disks.ts';
import { linkHalfOpen, linksCut } from './links.ts';
import { leaderKilled, leaderStopped } from './orchestrators.ts';
import type { Recovery } from './swarm.ts';
import { everythingKilled } from './swarms.ts';
import { takerKilled } from './takers.ts';
import { workerKilled, workerRestarted, workerStopped } from './workers.ts';

export const recoveries: readonly Recovery[] = [
  workerKilled,
  workerRestarted,
  workerStopped,
  leaderKilled,
  leaderStopped,
  busKilled,
  busStopped,
  committerKilled,
  committerStopped,
  takerKilled,
  linkHalfOpen,
  linksCut,
  everythingKilled,
];

/** Those that need the right to mount. */
export const diskRecoveries: readonly Recovery[] = [busDiskFull, workerDiskFull, committerDiskFull];
