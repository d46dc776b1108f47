/**
 * A committer is killed for good, or stopped past its lease, with a commit in hand; another one is there.
 */
import { systemClock } from '../../../shared/clock.ts';
import { type ProcessSwarm, type Told, until } from '../process-swarm.ts';
import { atWork, LEASE_MS, pidOf, type Recovery, stoppedFor, TASKS, verify, withSwarm } from './swarm.ts';

/** Who holds a commit grant at this moment. */
async function holderOf(swarm: ProcessSwarm): Promise<string> {
  let holder: string | undefined;
  await until('a commit to be under way', async () => {
    const { grants } = await swarm.client.query<'status'>({ v: 1, kind: 'status' });
    holder = grants.find(({ kind }) => kind === 'commit')?.agent;
    return holder !== undefined;
  });
  return holder ?? '';
}

function nextByAnother(told: readonly Told[], at: number, victim: string): number {
  const next = told.find(
    (one) => one.at > at && one.event.type === 'commit_landed' && one.event.by !== victim,
  );
  if (next === undefined) throw new Error(`nothing was committed by another than ${victim}`);
  return next.at - at;
}

/** Killed for good. */
export const committerKilled: Recovery = {
  name: 'committer-killed',
  bounds: { 'next commit': LEASE_MS + 4_000 },
  run: () =>
    withSwarm({ committers: 2 }, async (swarm) => {
      await atWork(swarm);
      const victim = await holderOf(swarm);
      const at = systemClock.now();
      swarm.supervisor.abandon(victim);
      return { 'next commit': nextByAnother(await verify(swarm, TASKS), at, victim) };
    }),
};

/** Stopped for three leases; what it then tries to move or to report is refused. */
export const committerStopped: Recovery = {
  name: 'committer-stopped',
  bounds: { 'next commit': LEASE_MS + 4_000 },
  run: () =>
    withSwarm({ committers: 2 }, async (swarm) => {
      await atWork(swarm);
      const victim = await holderOf(swarm);
      const at = systemClock.now();
      await stoppedFor(pidOf(swarm, victim), LEASE_MS * 3);
      return { 'next commit': nextByAnother(await verify(swarm, TASKS), at, victim) };
    }),
};
