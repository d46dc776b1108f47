/**
 * What the demo kills while it runs: one worker in the middle of a task, for good, and the leading orchestrator once.
 * Each is told before it happens. Knows the tasks only by name.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Swarm } from './swarm.ts';

export interface Victim {
  readonly task: string;
  /** The file whose formatting pauses until its worker is killed. */
  readonly path: string;
}

export interface FireOptions {
  readonly toolFolder: string;
  readonly victim: Victim;
  readonly swarm: Pick<Swarm, 'abandon' | 'leaderPid'>;
  /** How many tasks must be closed before the leader is killed. */
  readonly leaderAfter: number;
  readonly say: (text: string) => void;
  readonly clock: Clock;
}

const LOOK_MS = 50;
/** A tree is stored every 300 ms; the kill waits for one, so that it can be seen to be continued. */
const CHECKPOINT_WITHIN_MS = 5_000;

/** The harness of that file pauses; before the tasks are added. */
export function layPause({ toolFolder, victim }: Pick<FireOptions, 'toolFolder' | 'victim'>): Promise<void> {
  return writeFile(join(toolFolder, 'pause'), victim.path);
}

/** Resolves when both are dead. */
export async function setFire(options: FireOptions, client: BoardClient, signal: AbortSignal): Promise<void> {
  await Promise.all([killWorker(options, client, signal), killLeader(options, client, signal)]);
}

async function killWorker(
  { toolFolder, victim, swarm, say, clock }: FireOptions,
  client: BoardClient,
  signal: AbortSignal,
): Promise<void> {
  const marker = join(toolFolder, 'pause.reached');
  const reached = () => readFile(marker, 'utf8').catch(() => '');
  let worker = '';
  while (worker === '') {
    await clock.sleep(LOOK_MS, signal);
    worker = (await reached()).trim();
  }
  const deadline = clock.monotonic() + CHECKPOINT_WITHIN_MS;
  while (clock.monotonic() < deadline) {
    const { runs } = await client.query<'runs'>(
      { v: 1, kind: 'runs', task: victim.task, live: true },
      signal,
    );
    if (runs.some(({ checkpoints }) => checkpoints > 0)) break;
    await clock.sleep(LOOK_MS, signal);
  }
  say(`kill -9  ${worker}, in the middle of ${victim.task}; it is not started again`);
  swarm.abandon(worker);
}

async function killLeader(
  { swarm, leaderAfter, say, clock }: FireOptions,
  client: BoardClient,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(LOOK_MS, signal);
    const { states, leader } = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    if ((states['closed'] ?? 0) < leaderAfter) continue;
    const pid = swarm.leaderPid(leader);
    if (pid === undefined) continue;
    say(`kill -9  the leading orchestrator (pid ${pid})`);
    process.kill(pid, 'SIGKILL');
    return;
  }
}
