/**
 * Orchestrators in processes of their own. Each test file ends what it started: `endAll`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './asking.ts';
import type { TestNatsServer } from './nats-server.ts';
import { project } from './orchestrator.ts';
import type { OrchestratorProcessOptions } from './orchestrator-process.ts';

const script = fileURLToPath(new URL('./orchestrator-process.ts', import.meta.url));
const running = new Set<OrchestratorProcess>();

export interface OrchestratorProcess {
  readonly pid: number;
  /** The terms it led so far. */
  readonly terms: readonly number[];
  leads(timeoutMs?: number): Promise<number>;
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  ended(): Promise<void>;
}

export function startOrchestratorProcess(server: TestNatsServer): OrchestratorProcess {
  const options: OrchestratorProcessOptions = { core: server.core, swarm: server.swarm, project };
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const terms: number[] = [];
  child.stdout?.on('data', (data: Buffer) => {
    for (const [, term] of data.toString().matchAll(/term (\d+)\n/g)) terms.push(Number(term));
  });
  const one: OrchestratorProcess = {
    pid: child.pid ?? 0,
    terms,
    leads: (timeoutMs = 45_000) => until(`process ${child.pid} leads`, () => terms.at(-1), timeoutMs),
    signal: (signal) => void child.kill(signal),
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      running.delete(one);
    },
  };
  running.add(one);
  return one;
}

/** SIGKILL to all that run. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (one) => {
      one.signal('SIGKILL');
      await one.ended();
    }),
  );
}
