/**
 * The nats-servers that run now for the tests of this process. None outlives the process.
 */
import type { NatsProcess } from '../../infra/nats/launch.ts';

const running = new Map<number, NatsProcess>();
process.once('exit', () => killRunning());

/** Counts `server` as running until it has ended. */
export function registerServer(server: NatsProcess): void {
  running.set(server.pid, server);
  void server.exited.then(() => running.delete(server.pid));
}

/** SIGKILL to all; gives their pids. */
export function killRunning(): number[] {
  const pids = [...running.keys()];
  for (const server of running.values()) server.kill('SIGKILL');
  running.clear();
  return pids;
}
