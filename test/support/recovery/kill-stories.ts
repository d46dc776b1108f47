/**
 * Stories of processes that are stopped, and of a task that kills, which have no figure but an end.
 */
import type { Task } from '../../../schemas/index.ts';
import { until } from '../process-swarm.ts';
import {
  atWork,
  closedCount,
  LEASE_MS,
  pidOf,
  quick,
  refuseTakeovers,
  stoppedFor,
  TASKS,
  verify,
  withSwarm,
} from './swarm.ts';

/** Whom else the figures do not stop. */
export const stoppable = ['worker', 'stale-takeover'] as const;

/** A process is stopped for longer than a lease, and goes on as if nothing had been. */
export function stopped(what: (typeof stoppable)[number]): Promise<void> {
  return withSwarm({ committers: 2 }, async (swarm) => {
    await atWork(swarm);
    await stoppedFor(pidOf(swarm, what === 'worker' ? 'w1' : what), LEASE_MS * 2);
    const told = await verify(swarm, TASKS);
    if (what === 'stale-takeover') refuseTakeovers(told);
  });
}

/** A task kills whatever worker runs it; its record in the end, and how many other tasks were closed meanwhile. */
export function killerTask(): Promise<{ killer: Task; closed: number }> {
  return withSwarm({}, async (swarm) => {
    await swarm.add([{ id: 'killer', title: 'feat: the killer' }, ...quick(TASKS)]);
    const ask = async () =>
      (await swarm.client.query<'task'>({ v: 1, kind: 'task', id: 'killer' })).view.task;
    await until('the killer to have failed', async () => (await ask()).state === 'failed', 60_000);
    await until('the others to be closed', async () => (await closedCount(swarm)) === TASKS, 60_000);
    return { killer: await ask(), closed: await closedCount(swarm) };
  });
}
