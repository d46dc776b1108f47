/**
 * Buses to measure on: one hive for each durability that this machine's nats-server knows, side by side in one run.
 */

import { knowsSyncAlways } from '../../infra/nats/version.ts';
import type { TaskSpec } from '../../schemas/index.ts';
import type { BoardClient } from '../../shared/bus/board-client.ts';
import { startNatsServer, testBinary } from '../support/nats-server.ts';
import { startHive, type TestHive } from '../support/orchestrator.ts';

export interface BenchHive {
  /** `no fsync` or `fsync`: whether the server syncs before it acknowledges. */
  readonly durability: string;
  readonly hive: TestHive;
  readonly operator: BoardClient;
}

/** Starts the hives, lets `use` work with them, and stops them whatever happens. */
export async function withHives<T>(use: (hives: readonly BenchHive[]) => Promise<T>): Promise<T> {
  const knowsFsync = knowsSyncAlways((await testBinary()).version);
  const started: BenchHive[] = [];
  try {
    for (const syncAlways of knowsFsync ? [false, true] : [false]) {
      const hive = await startHive({ server: await startNatsServer({ syncAlways }) });
      const operator = await hive.client('operator');
      started.push({ durability: syncAlways ? 'fsync' : 'no fsync', hive, operator });
      await hive.configure({ roles: { operator: 'operator' } });
    }
    return await use(started);
  } finally {
    await Promise.all(started.map(({ hive }) => hive.stop()));
  }
}

/** What to say where the server cannot sync before each acknowledgement. */
export async function missingFsync(): Promise<string[]> {
  return knowsSyncAlways((await testBinary()).version)
    ? []
    : ['appends with fsync: this nats-server is older than 2.10 and cannot sync before it acknowledges'];
}

/** A task that closes on its report alone, so that no git takes part. */
export const plainTask = (id: string): TaskSpec => ({ id, title: `task ${id}`, expects: 'none' });

/** Adds tasks. Errors: what the board says against them. */
export async function addTasks(operator: BoardClient, id: string, tasks: readonly TaskSpec[]): Promise<void> {
  const answer = await operator.command({ v: 1, kind: 'add', id, tasks: [...tasks] });
  if (answer.status !== 'ok') throw new Error(answer.message);
}
