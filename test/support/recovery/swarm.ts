/**
 * What the recovery scenarios share: a swarm whose harness can be caught in the middle, quick tasks, and the check that
 * nothing was lost or doubled. Times of grants are those of the journal, which the same machine's clock wrote.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import {
  type ProcessSwarm,
  type ProcessSwarmOptions,
  startProcessSwarm,
  type Told,
  until,
} from '../process-swarm.ts';
import { gitIn } from '../repository.ts';

export type Measured = Readonly<Record<string, number>>;

export interface Recovery {
  readonly name: string;
  /** By measurement: what it must not exceed, in ms. */
  readonly bounds: Measured;
  run(): Promise<Measured>;
}

export const LEASE_MS = 2_000;
/** Tasks of a scenario: enough that there is still work after what goes wrong. */
export const TASKS = 18;
/** How long is waited for all tasks to end: two slow cores commit less than three a second. What is measured is not this. */
const PATIENCE_MS = 120_000;
const SLOW_TASK_MS = 400;
/** So many processes of its tree the harness of a victim notes. */
const VICTIM_PIDS = 3;

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
    echo "$FMAIL_AGENT" > "@NOTES@/victim.agent.new"
    mv "@NOTES@/victim.agent.new" "@NOTES@/victim.agent"
    wait
    ;;
  *)
    sleep 0.05
    echo "$WAGGLE_TASK" > "$WAGGLE_TASK.txt"
    ;;
esac
`;

/** The time from `at` to the first grant of a kind after it. */
export function firstGrant(told: readonly Told[], at: number, task?: string): number {
  const grant = told.find(
    (one) => one.at >= at && one.event.type === 'granted' && (task === undefined || one.event.task === task),
  );
  if (grant === undefined) throw new Error('nothing was granted after the kill');
  return grant.at - at;
}

/** So many tasks that are done in a moment; `from` tells how many there were before. */
export const quick = (n: number, from = 0) =>
  Array.from({ length: n }, (_, at) => ({ id: `t${from + at + 1}`, title: `feat: file ${from + at + 1}` }));

/** Every task is closed and has exactly one commit, and none ever had two owners. */
export async function verify(swarm: ProcessSwarm, tasks: number): Promise<Told[]> {
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

/** Whoever starts it stops it. */
export const startSwarm = (options: Partial<ProcessSwarmOptions>): Promise<ProcessSwarm> =>
  startProcessSwarm({ workers: 3, leaseMs: LEASE_MS, harness, ...options });

export async function withSwarm<T>(
  options: Partial<ProcessSwarmOptions>,
  use: (swarm: ProcessSwarm) => Promise<T>,
): Promise<T> {
  const swarm = await startSwarm(options);
  try {
    return await use(swarm);
  } finally {
    await swarm.stop();
  }
}

export const closedCount = async ({ client }: ProcessSwarm): Promise<number> =>
  (await client.query<'counts'>({ v: 1, kind: 'counts' })).states['closed'] ?? 0;

/** Some of the quick tasks are done, others are not. */
export async function atWork(swarm: ProcessSwarm): Promise<void> {
  await swarm.add(quick(TASKS));
  await until('some tasks to be closed', async () => (await closedCount(swarm)) >= 3);
}

export interface Victim {
  readonly agent: string;
  /** Of its harness's process tree. */
  readonly pids: readonly number[];
}

/** The task `victim` is under way, half done, and the half is stored. */
export async function caughtInTheMiddle(swarm: ProcessSwarm): Promise<Victim> {
  await swarm.add([{ id: 'victim', title: 'feat: the victim' }]);
  const note = join(swarm.notes, 'victim.agent');
  /** Lines that are written to their end. */
  const pidLines = () => readFileSync(join(swarm.notes, 'victim.pids'), 'utf8').split('\n').slice(0, -1);
  await until('the harness to be in the middle', () => existsSync(note) && pidLines().length === VICTIM_PIDS);
  const saved = async () => {
    const { runs } = await swarm.client.query<'runs'>({ v: 1, kind: 'runs', task: 'victim', live: true });
    return runs.some(({ checkpoints }) => checkpoints > 0);
  };
  await until('a checkpoint', saved);
  return { agent: readFileSync(note, 'utf8').trim(), pids: pidLines().map(Number) };
}

/** The victim ended as one commit, which goes on from the stored half. */
export async function verifyResumed(swarm: ProcessSwarm): Promise<Told[]> {
  const told = await verify(swarm, 1);
  const whole = gitIn(swarm.repository, 'show', 'waggle/main:whole.txt');
  if (whole !== 'half\nresumed') throw new Error(`the checkpoint was not continued: ${whole}`);
  return told;
}

/** The pid of a service that runs; throws when it does not. */
export function pidOf({ supervisor }: ProcessSwarm, name: string): number {
  const pid = supervisor.pid(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

/** So long (ms) the fault lasts. */
export const stillFor = (ms: number): Promise<void> => systemClock.sleep(ms);

/** Stops a process for so long (ms), as a machine that sleeps would, and lets it go on whatever comes. */
export async function stoppedFor(pid: number, ms: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await stillFor(ms);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

export function refuseTakeovers(told: readonly Told[]): void {
  const robbed = told.filter(({ event }) => event.type === 'grant_ended' && event.end.why === 'takeover');
  if (robbed.length > 0) throw new Error(`${robbed.length} tasks were taken from workers that live`);
}
