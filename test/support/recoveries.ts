/**
 * What is killed, and how long it takes until the swarm goes on: the scenarios of the recovery figures. Each checks
 * that nothing was lost or doubled, and gives its measurements in milliseconds. Times of grants are those of the
 * journal, which the same machine's clock wrote.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '../../schemas/index.ts';
import { systemClock } from '../../shared/clock.ts';
import { processIdentity } from '../../shared/process/identity.ts';
import { type ProcessSwarm, startProcessSwarm, type Told, until } from './process-swarm.ts';
import { gitIn } from './repository.ts';

export type Measured = Readonly<Record<string, number>>;

export interface Recovery {
  readonly name: string;
  /** By measurement: what it must not exceed, in ms. */
  readonly bounds: Measured;
  run(): Promise<Measured>;
}

export const LEASE_MS = 2_000;
/** How long is waited for all tasks to end: two slow cores commit less than three a second. What is measured is not this. */
const PATIENCE_MS = 60_000;
const SLOW_TASK_MS = 400;

/**
 * The first try of a task called `victim` leaves half of its work, starts a tree of processes and never ends; whoever
 * finds that half goes on from there. Other tasks take a moment.
 */
const harness = `set -eu
case $WAGGLE_TASK in
  killer*)
    kill -9 $PPID
    sleep 300
    ;;
  victim*)
    if [ -f half.txt ]; then
      mv half.txt whole.txt
      echo resumed >> whole.txt
      exit 0
    fi
    [ -e "@NOTES@/victim.pids" ] && { echo 'begun anew' > whole.txt; exit 0; }
    echo half > half.txt
    (sleep 300 & echo $! >> "@NOTES@/victim.pids"; wait) &
    echo $! >> "@NOTES@/victim.pids"
    echo $$ >> "@NOTES@/victim.pids"
    echo "$FMAIL_AGENT" > "@NOTES@/victim.agent"
    wait
    ;;
  *)
    sleep 0.05
    echo "$WAGGLE_TASK" > "$WAGGLE_TASK.txt"
    ;;
esac
`;

/** The time from `at` to the first grant of a kind after it. */
function firstGrant(told: readonly Told[], at: number, task?: string): number {
  const grant = told.find(
    (one) => one.at >= at && one.event.type === 'granted' && (task === undefined || one.event.task === task),
  );
  if (grant === undefined) throw new Error('nothing was granted after the kill');
  return grant.at - at;
}

const quick = (n: number) =>
  Array.from({ length: n }, (_, at) => ({ id: `t${at + 1}`, title: `feat: file ${at + 1}` }));

/** Every task is closed and has exactly one commit, and none ever had two owners. */
async function verify(swarm: ProcessSwarm, tasks: number): Promise<Told[]> {
  const ended = async () => {
    const { states } = await swarm.client.query<'counts'>({ v: 1, kind: 'counts' });
    const over = ['closed', 'failed', 'cancelled', 'blocked'].reduce(
      (sum, state) => sum + (states[state] ?? 0),
      0,
    );
    return over >= tasks;
  };
  await until(`${tasks} tasks to end`, ended, PATIENCE_MS + tasks * SLOW_TASK_MS);
  const { states } = await swarm.client.query<'counts'>({ v: 1, kind: 'counts' });
  if (states['closed'] !== tasks)
    throw new Error(`expected ${tasks} closed tasks, got ${JSON.stringify(states)}`);
  const trailers = gitIn(
    swarm.repository,
    'log',
    '--format=%(trailers:key=Waggle-Task,valueonly)',
    'waggle/main',
  );
  const committed = trailers.split('\n').filter((line) => line !== '');
  if (committed.length !== tasks || new Set(committed).size !== tasks)
    throw new Error(`expected ${tasks} commits of as many tasks, got ${committed.length}`);
  const told = await swarm.journal();
  const live = new Map<string, number>();
  for (const { event } of told) {
    if (event.type === 'grant_ended') live.delete(event.task);
    if (event.type !== 'granted') continue;
    if (live.has(event.task)) throw new Error(`${event.task} was granted twice at once`);
    live.set(event.task, event.grant.fence);
  }
  return told;
}

async function withSwarm<T>(
  options: Partial<Parameters<typeof startProcessSwarm>[0]>,
  use: (swarm: ProcessSwarm) => Promise<T>,
): Promise<T> {
  const swarm = await startProcessSwarm({ workers: 3, leaseMs: LEASE_MS, harness, ...options });
  try {
    return await use(swarm);
  } finally {
    await swarm.stop();
  }
}

const closedCount = async ({ client }: ProcessSwarm): Promise<number> =>
  (await client.query<'counts'>({ v: 1, kind: 'counts' })).states['closed'] ?? 0;

/** A zombie that its new parent has not looked at yet is gone. */
const areGone = async (pids: readonly number[]): Promise<boolean> =>
  (await Promise.all(pids.map((pid) => processIdentity(pid)))).every((found) => found === undefined);

/** A worker is killed for good in the middle of a task. */
export const workerKilled: Recovery = {
  name: 'worker',
  bounds: { 'granted again': LEASE_MS + 2_000, 'process tree gone': 2_000 },
  run: () =>
    withSwarm({ workers: 2 }, async (swarm) => {
      await swarm.add([{ id: 'victim', title: 'feat: the victim' }]);
      const note = join(swarm.notes, 'victim.agent');
      await until('the harness to be in the middle', () => existsSync(note));
      const saved = async () => {
        const { runs } = await swarm.client.query<'runs'>({ v: 1, kind: 'runs', task: 'victim', live: true });
        return runs.some(({ checkpoints }) => checkpoints > 0);
      };
      await until('a checkpoint', saved);
      const pids = readFileSync(join(swarm.notes, 'victim.pids'), 'utf8').trim().split('\n').map(Number);
      const at = systemClock.now();
      swarm.supervisor.abandon(readFileSync(note, 'utf8').trim());
      await until('its processes to be gone', () => areGone(pids));
      const treeGone = systemClock.now() - at;
      const told = await verify(swarm, 1);
      const whole = gitIn(swarm.repository, 'show', 'waggle/main:whole.txt');
      if (whole !== 'half\nresumed') throw new Error(`the checkpoint was not continued: ${whole}`);
      return { 'granted again': firstGrant(told, at, 'victim'), 'process tree gone': treeGone };
    }),
};

const TASKS = 60;

/** The leading orchestrator is killed while tasks are done; its process is started again beside the standby. */
export const leaderKilled: Recovery = {
  name: 'orchestrator',
  bounds: { 'next grant': 3_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await swarm.add(quick(TASKS));
      await until('some tasks to be closed', async () => (await closedCount(swarm)) >= 5);
      const pid = swarm.supervisor.pid(await swarm.leader()) as number;
      const at = systemClock.now();
      process.kill(pid, 'SIGKILL');
      const told = await verify(swarm, TASKS);
      const led = told.findIndex((one) => one.at >= at && one.event.type === 'led');
      if (led < 0) throw new Error('the lead did not pass on');
      const next = told.slice(led).find(({ event }) => event.type === 'granted');
      if (next === undefined) throw new Error('the new leader granted nothing');
      return { 'next grant': next.at - at };
    }),
};

/** The nats-server is killed; its keeper starts it again. */
export const busKilled: Recovery = {
  name: 'nats-server',
  bounds: { 'next grant': 5_000 },
  run: () =>
    withSwarm({}, async (swarm) => {
      await swarm.add(quick(TASKS));
      await until('some tasks to be closed', async () => (await closedCount(swarm)) >= 5);
      const pids = await swarm.servers();
      if (pids.length === 0) throw new Error('no nats-server was found');
      const at = systemClock.now();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      const told = await verify(swarm, TASKS);
      refuseTakeovers(told);
      return { 'next grant': firstGrant(told, at) };
    }),
};

/** A committer is killed for good while submissions wait; another one is there. */
export const committerKilled: Recovery = {
  name: 'committer',
  bounds: { 'next commit': LEASE_MS + 4_000 },
  run: () =>
    withSwarm({ committers: 2 }, async (swarm) => {
      await swarm.add(quick(TASKS));
      await until('some tasks to be closed', async () => (await closedCount(swarm)) >= 5);
      const holder = async () => {
        const { grants } = await swarm.client.query<'status'>({ v: 1, kind: 'status' });
        return grants.find(({ kind }) => kind === 'commit')?.agent;
      };
      let victim: string | undefined;
      await until('a commit to be under way', async () => {
        victim = await holder();
        return victim !== undefined;
      });
      const at = systemClock.now();
      swarm.supervisor.abandon(victim ?? '');
      const told = await verify(swarm, TASKS);
      const next = told.find(
        (one) => one.at > at && one.event.type === 'commit_landed' && one.event.by !== victim,
      );
      if (next === undefined) throw new Error('nothing was committed after the kill');
      return { 'next commit': next.at - at };
    }),
};

const BUS_KILLS = 10;

/** The nats-server is killed ten times at random moments of one run. */
export function busKilledOften(): Promise<readonly number[]> {
  return withSwarm({}, async (swarm) => {
    await swarm.add(quick(BUS_KILLS * 30));
    const kills: number[] = [];
    for (let n = 0; n < BUS_KILLS; n += 1) {
      const before = await closedCount(swarm);
      await until('tasks to be closed since the last kill', async () => (await closedCount(swarm)) > before);
      // The moment of the kill is drawn by lot.
      await systemClock.sleep(Math.random() * 1_500);
      kills.push(systemClock.now());
      for (const pid of await swarm.servers()) process.kill(pid, 'SIGKILL');
    }
    const told = await verify(swarm, BUS_KILLS * 30);
    refuseTakeovers(told);
    return kills.map((at) => firstGrant(told, at));
  });
}

export const stoppable = ['worker', 'committer', 'stale-takeover', 'orchestrator'] as const;

/** A process is stopped for longer than a lease, and goes on as if nothing had been. */
export function stopped(what: (typeof stoppable)[number]): Promise<void> {
  return withSwarm({ committers: 2 }, async (swarm) => {
    await swarm.add(quick(TASKS));
    await until('some tasks to be closed', async () => (await closedCount(swarm)) >= 5);
    const name = { worker: 'w1', committer: 'committer', 'stale-takeover': 'stale-takeover' };
    const pid = swarm.supervisor.pid(what === 'orchestrator' ? await swarm.leader() : name[what]);
    if (pid === undefined) throw new Error(`no ${what} runs`);
    process.kill(pid, 'SIGSTOP');
    try {
      // So long it is stopped: that is the fault.
      await systemClock.sleep(LEASE_MS * 2);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const told = await verify(swarm, TASKS);
    if (what === 'stale-takeover' || what === 'orchestrator') refuseTakeovers(told);
  });
}

function refuseTakeovers(told: readonly Told[]): void {
  const robbed = told.filter(({ event }) => event.type === 'grant_ended' && event.end.why === 'takeover');
  if (robbed.length > 0) throw new Error(`${robbed.length} tasks were taken from workers that live`);
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

export const recoveries: readonly Recovery[] = [workerKilled, leaderKilled, busKilled, committerKilled];
