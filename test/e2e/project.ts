/**
 * A throw-away project for tests of the real commands: a repository, a waggle.yaml, and `waggle` from dist/.
 * Whatever it started is gone after `remove`, or the test fails.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverArguments } from '../../infra/nats/launch.ts';
import { processTable } from '../../shared/process/process-table.ts';
import { makeRepository, temporaryFolder } from '../support/repository.ts';

const SCRIPT = fileURLToPath(new URL('../../dist/services/cli/waggle.js', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestProject {
  readonly folder: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs `waggle` here, to its end. */
  waggle(...words: string[]): Promise<Ended>;
  /** The answer of a command that must succeed, with `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say with their expectations what they expect to be there
  json(...words: string[]): Promise<any>;
  /** What runs for this project, with its command line holding the folder. */
  up(): { pid: number; services: { name: string; pid: number }[] };
  pid(name: string): number;
  /** Pids of nats-servers on this project's store. */
  servers(): Promise<number[]>;
  remove(): Promise<void>;
}

const CONFIG = `project: tiny
profiles:
  default:
    command: [sh, -c, 'sleep 0.2; echo "$WAGGLE_TASK" > "$WAGGLE_TASK.txt"']
    grace: 1s
policies: { lease: 3s, backoff: 100ms }
`;

export interface ProjectOptions {
  /** Text of waggle.yaml. Absent: a small one; undefined: none. */
  readonly config?: string | undefined;
  readonly variables?: Readonly<Record<string, string>>;
}

export function makeProject(options: ProjectOptions = {}): TestProject {
  const { config, variables } = { config: CONFIG, ...options };
  const place = temporaryFolder('waggle-e2e-');
  const folder = makeRepository(join(place.path, 'repo'));
  if (config !== undefined) writeFileSync(join(folder, 'waggle.yaml'), config);
  const { WAGGLE_NATS_URL: _, WAGGLE_PROJECT: __, FMAIL_AGENT: ___, ...clean } = process.env;
  const env = { ...clean, ...variables };
  const waggle = (...words: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(process.execPath, [SCRIPT, ...words], { cwd: folder, env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  const up = () => JSON.parse(readFileSync(join(folder, '.waggle', 'up.json'), 'utf8'));
  const servers = () =>
    processTable.withArguments(serverArguments(join(folder, '.waggle', 'nats', 'nats.conf')));
  return {
    folder,
    script: SCRIPT,
    env,
    waggle,
    async json(...words) {
      const { code, stdout, stderr } = await waggle(...words, '--json');
      if (code !== 0) throw new Error(`waggle ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
      return JSON.parse(stdout);
    },
    up,
    pid(name) {
      const found = up().services.find((one: { name: string }) => one.name === name);
      if (found === undefined) throw new Error(`${name} does not run`);
      return found.pid;
    },
    servers,
    async remove() {
      if (existsSync(join(folder, '.waggle', 'up.json'))) await waggle('down', '--now');
      const left = await servers();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      place.remove();
      if (left.length > 0) throw new Error(`a nats-server was left running: ${left.join(', ')}`);
    },
  };
}
