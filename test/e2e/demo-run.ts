/**
 * Runs the built demo as a person would, with a folder of its own for temporary files.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/repository.ts';

const MAIN = fileURLToPath(new URL('../../dist/infra/demo/main.js', import.meta.url));
/** Holds everything of a test file's runs. */
export const place = temporaryFolder();

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What is left of the demo's temporary files. */
  readonly left: readonly string[];
}

let runs = 0;

/** Runs the built demo, with a folder of its own for temporary files. `when`: called with all it has said so far. */
export function demo(
  args: readonly string[],
  when?: (said: string, kill: (name: NodeJS.Signals) => void) => void,
  busUrl?: string,
): Promise<Ended> {
  runs += 1;
  const temp = join(place.path, `tmp-${runs}`);
  mkdirSync(temp);
  const { WAGGLE_NATS_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: place.path,
    env: { ...env, TMPDIR: temp, ...(busUrl === undefined ? {} : { WAGGLE_NATS_URL: busUrl }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      when?.(said.stdout + said.stderr, (signal) => child.kill(signal));
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const left = readdirSync(temp).filter((name) => name.startsWith('waggle-demo-'));
      resolve({ code, ...said, left });
    });
  });
}
