/**
 * A disk is full for a while, under the bus's store, or under the state and trees of a worker or a committer. Needs the
 * right to mount: these scenarios run in a mount namespace (`chaos/namespace.ts`).
 */
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { Disk } from '../../chaos/disk.ts';
import type { ProcessSwarm } from '../process-swarm.ts';
import {
  atWork,
  firstGrant,
  LEASE_MS,
  type Measured,
  type Recovery,
  refuseTakeovers,
  startSwarm,
  stillFor,
  TASKS,
  verify,
} from './swarm.ts';

/** `place`: below the swarm's folder. */
async function withDisk(
  place: readonly string[],
  workers: number,
  use: (swarm: ProcessSwarm, disk: Disk) => Promise<Measured>,
): Promise<Measured> {
  let disk: Disk | undefined;
  const prepare = async (folder: string) => {
    disk = await Disk.mount(join(folder, '.waggle', ...place));
  };
  const swarm = await startSwarm({ workers, prepare });
  try {
    if (disk === undefined) throw new Error('no disk was mounted');
    return await use(swarm, disk);
  } finally {
    // The folder can be removed when nothing is mounted in it.
    await swarm.stop('keep');
    await disk?.unmount(false);
    await swarm.stop();
  }
}

async function fullForAWhile(disk: Disk): Promise<number> {
  await disk.fill();
  await stillFor(LEASE_MS);
  await disk.free();
  return systemClock.now();
}

/** From the moment on that there is room again. */
export const busDiskFull: Recovery = {
  name: 'bus-disk-full',
  bounds: { 'next grant': 5_000 },
  run: () =>
    withDisk(['nats'], 3, async (swarm, disk) => {
      await atWork(swarm);
      const at = await fullForAWhile(disk);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstGrant(told, at) };
    }),
};

/** The only worker: what it has in hand waits for room, and so do all other tasks. */
export const workerDiskFull: Recovery = {
  name: 'worker-disk-full',
  bounds: { 'next grant': 5_000 },
  run: () =>
    withDisk(['agents', 'w1'], 1, async (swarm, disk) => {
      await atWork(swarm);
      const at = await fullForAWhile(disk);
      const told = await verify(swarm, TASKS);
      const next = told.find(
        (one) => one.at >= at && one.event.type === 'granted' && one.event.grant.kind === 'work',
      );
      if (next === undefined) throw new Error('the worker was granted nothing more');
      return { 'next grant': next.at - at };
    }),
};

/** The only committer: a commit under way is given back or waits for room, and so do all submissions. */
export const committerDiskFull: Recovery = {
  name: 'committer-disk-full',
  bounds: { 'next commit': 15_000 },
  run: () =>
    withDisk(['agents', 'committer'], 3, async (swarm, disk) => {
      await atWork(swarm);
      const at = await fullForAWhile(disk);
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      const next = told.find((one) => one.at >= at && one.event.type === 'commit_landed');
      if (next === undefined) throw new Error('nothing more was committed');
      return { 'next commit': next.at - at };
    }),
};
