/**
 * Workers in processes of their own, on the state directories of one folder, for tests that kill, stop and restart
 * them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { project, type TestHive } from './orchestrator.ts';
import type { WorkerProcessOptions } from './worker-process.ts';

const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** Settle when a process has ended and all it wrote has been read. */
const closings = new WeakMap<ChildProcess, Promise<unknown>>();

export interface RunningWorkers {
  /** `script`: what `sh` runs as the harness; `$0` is the prompt file. */
  start(agent: string, script: string, more?: Partial<WorkerProcessOptions>): ChildProcess;
  /** What it has written to standard error: its log, and its last words. */
  said(child: ChildProcess): string;
  /** Ends all that still run, as SIGTERM does. */
  end(): Promise<void>;
}

export function runningWorkers(hive: () => TestHive, folder: string): RunningWorkers {
  const children = new Set<ChildProcess>();
  const words = new WeakMap<ChildProcess, string>();
  return {
    start(agent, text, more = {}) {
      const options: WorkerProcessOptions = {
        login: hive().server.workerSwarm,
        project,
        agent,
        stateDir: join(folder, agent),
        command: ['sh', '-c', text, '{prompt_file}'],
        ...more,
      };
      const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr?.on('data', (bytes: Buffer) => words.set(child, `${words.get(child) ?? ''}${bytes}`));
      closings.set(child, once(child, 'close'));
      children.add(child);
      return child;
    },
    said: (child) => words.get(child) ?? '',
    async end() {
      for (const child of children) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        await ended(child);
      }
      children.clear();
    },
  };
}

/** Waits until it has ended and said its last. */
export async function ended(child: ChildProcess): Promise<void> {
  await closings.get(child);
}

/** kill -9, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

/** The whole line in that file; false while it isn't there. */
export function lineIn(file: string): string | false {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.endsWith('\n') && text.trim();
}
