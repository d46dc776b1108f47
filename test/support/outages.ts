/**
 * Times without a bus, or without anybody who leads. They end whatever becomes of what is done in them: the tests behind
 * a failed one have the same hive.
 */
import type { TestHive } from './orchestrator.ts';

export async function whileBusIsAway<T>(hive: TestHive, act: () => Promise<T>): Promise<T> {
  await hive.server.kill();
  try {
    return await act();
  } finally {
    await hive.server.restart();
  }
}

export async function whileNobodyLeads<T>(hive: TestHive, act: () => Promise<T>): Promise<T> {
  await hive.stopOrchestrator();
  try {
    return await act();
  } finally {
    await hive.startOrchestrator();
  }
}
