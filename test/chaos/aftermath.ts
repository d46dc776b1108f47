/**
 * What must be so of the processes and folders of a swarm when chaos is over: every role is alive and serves, no harness is
 * left running, and workers hold nothing of tasks that have ended.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { type ProcessSwarm, until } from '../support/process-swarm.ts';
import type { Breach } from './judge.ts';
import { LANES } from './tasks.ts';

const run = promisify(execFile);
const SERVE_MS = 90_000;
const TIDY_MS = 20_000;
const BEAT_LEASES = 3;

/** Command lines of living processes whose arguments or working folder lie under `folder`, by pid. */
export async function processesUnder(folder: string): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-A', '-ww', '-o', 'pid=,args=']);
    for (const line of stdout.split('\n')) {
      if (line.includes(folder)) found.set(Number.parseInt(line, 10), line.trim());
    }
    return found;
  }
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (args.includes(folder) || place === folder || place.startsWith(`${folder}/`))
      found.set(Number(pid), args.replaceAll('\0', ' ').trim());
  }
  found.delete(process.pid);
  return found;
}

/** Waits for `isSo`; a breach when it does not come. */
async function expectSoon(
  rule: string,
  timeoutMs: number,
  isSo: () => Promise<boolean>,
  complaint: () => string | Promise<string>,
): Promise<Breach[]> {
  const answers = async () => {
    try {
      return await isSo();
    } catch (error) {
      // Nobody answers yet.
      if (!isWaggleError(error)) throw error;
      return false;
    }
  };
  try {
    await until(rule, answers, timeoutMs);
    return [];
  } catch {
    return [{ rule, what: await complaint() }];
  }
}

/** Of a service that runs, or is just being started again. */
async function pidOf({ supervisor }: ProcessSwarm, name: string): Promise<number> {
  await until(`${name} to run`, () => supervisor.pid(name) !== undefined, SERVE_MS);
  return supervisor.pid(name) as number;
}

/**
 * Each role serves: the leading orchestrator is killed, and the other one gives each worker a task of its own, which the
 * committers commit; all wait for more then, and both takeover services beat.
 */
export async function rolesServe(options: {
  readonly swarm: ProcessSwarm;
  readonly leaseMs: number;
  readonly add: (tasks: Parameters<ProcessSwarm['add']>[0]) => Promise<void>;
  readonly beatOf: (agent: string) => number | undefined;
}): Promise<Breach[]> {
  const { swarm, leaseMs, add, beatOf } = options;
  const { supervisor, client, workers, committers, takers } = swarm;
  const dead = () =>
    Object.entries(supervisor.states()).flatMap(([name, { kind }]) =>
      kind === 'running' ? [] : [`${name} ${kind}`],
    );
  const breaches = await expectSoon(
    'alive',
    SERVE_MS,
    async () => dead().length === 0,
    () => `services that do not run: ${dead().join(', ')}`,
  );
  if (breaches.length > 0) return breaches;
  const leader = await swarm.leader();
  process.kill(await pidOf(swarm, leader), 'SIGKILL');
  await add(
    workers.map((worker, n) => ({
      id: `last-${worker}`,
      title: `feat: last ${worker}`,
      lane: LANES[n % LANES.length] ?? 'main',
      requires: { labels: [worker] },
    })),
  );
  const left = async () => {
    const ids = workers.map((worker) => `last-${worker}`);
    const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks', ids });
    return tasks.filter(({ task }) => task.state !== 'closed').map(({ task }) => `${task.id} ${task.state}`);
  };
  breaches.push(
    ...(await expectSoon(
      'serves',
      SERVE_MS,
      async () => (await left()).length === 0,
      async () => `after chaos, not every worker's task was closed: ${(await left()).join(', ')}`,
    )),
  );
  const waiting = async () => (await client.query<'status'>({ v: 1, kind: 'status' })).waiting;
  breaches.push(
    ...(await expectSoon(
      'serves',
      SERVE_MS,
      async () => {
        const { task, commit } = await waiting();
        return task === workers.length && commit === committers.length;
      },
      async () => `not all wait for work: ${JSON.stringify(await waiting())}`,
    )),
  );
  const silent = () =>
    [...takers, ...committers, ...workers].filter(
      (name) => systemClock.now() - (beatOf(name) ?? 0) > BEAT_LEASES * leaseMs,
    );
  breaches.push(
    ...(await expectSoon(
      'serves',
      SERVE_MS,
      async () => silent().length === 0,
      () => `no beat of ${silent().join(', ')}`,
    )),
  );
  return breaches;
}

/**
 * No harness runs, no tree and no report is left. All tasks have ended. A tree that holds what is stored nowhere else stays
 * until its worker is started again: such workers are killed here, and their next process must take it up.
 */
export async function nothingLeft(swarm: ProcessSwarm): Promise<Breach[]> {
  const { folder, workers, committers } = swarm;
  const harnesses = async () =>
    [...(await processesUnder(folder))].filter(
      ([, args]) => args.includes(join(folder, 'harness.sh')) || args.startsWith('sleep'),
    );
  const left = async (names: readonly string[], part: string) => {
    const found = await Promise.all(
      names.map(async (name) =>
        (await readdir(join(folder, '.waggle', 'agents', name, part)).catch(() => [])).map(
          (file) => `${name}/${part}/${file}`,
        ),
      ),
    );
    return found.flat();
  };
  const trees = () => left(workers, 'work');
  const expectNone = (what: string, look: () => Promise<readonly unknown[]>) =>
    expectSoon(
      'left over',
      TIDY_MS,
      async () => (await look()).length === 0,
      async () => `${what} are left: ${(await look()).join(', ')}`,
    );
  const keeping = new Set((await trees()).map((tree) => tree.split('/', 1)[0] ?? ''));
  for (const worker of keeping) process.kill(await pidOf(swarm, worker), 'SIGKILL');
  return [
    ...(await expectNone('processes of harnesses', harnesses)),
    ...(await expectNone('trees', trees)),
    ...(await expectNone('commits', () => left(committers, 'commits'))),
    ...(await expectNone('reports', () => left([...workers, ...committers], 'outbox'))),
  ];
}

/** Nothing of a swarm that was stopped runs. */
export async function allGone(folder: string): Promise<Breach[]> {
  const none = async () => (await processesUnder(folder)).size === 0;
  return await expectSoon('left over', TIDY_MS, none, async () => {
    const found = [...(await processesUnder(folder))].map(([pid, args]) => `${pid} ${args}`);
    return `processes of the stopped swarm run: ${found.join('; ')}`;
  });
}
