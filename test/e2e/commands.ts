/**
 * The built commands as a person or script starts them: own processes, in an empty folder, against a hive.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { project, type TestHive } from '../support/orchestrator.ts';

export interface Ended {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly input?: string;
  readonly agent?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

export type Started = ResultPromise<{ reject: false; stripFinalNewline: false }>;

export interface Commands {
  /** An empty folder, where the commands run. */
  readonly folder: string;
  /** Their environment. */
  readonly variables: Readonly<Record<string, string>>;
  waggle(args: readonly string[], options?: Options): Promise<Ended>;
  fmail(args: readonly string[], options?: Options): Promise<Ended>;
  /** Starts one and leaves it running; what still runs at `close` is killed. */
  start(program: 'waggle' | 'fmail', args: readonly string[], options?: Options): Started;
  close(): Promise<void>;
}

const dist = fileURLToPath(new URL('../../dist/services/cli/', import.meta.url));

export function commandsOf(hive: TestHive): Commands {
  const folder = mkdtempSync(join(tmpdir(), 'waggle-e2e-'));
  const { user, password } = hive.server.workerSwarm;
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    WAGGLE_NATS_URL: `nats://${user}:${password}@127.0.0.1:${hive.server.port}`,
    WAGGLE_PROJECT: project,
  };
  const running = new Set<Started>();
  const start = (program: string, args: readonly string[], options: Options = {}): Started => {
    const { input, agent, variables } = options;
    const child = execa(process.execPath, [join(dist, `${program}.js`), ...args], {
      cwd: folder,
      env: {
        ...base,
        ...(agent === undefined ? {} : { FMAIL_AGENT: agent }),
        ...variables,
      },
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    }) as Started;
    running.add(child);
    const forget = () => running.delete(child);
    child.then(forget, forget);
    return child;
  };
  const run = async (program: string, args: readonly string[], options?: Options): Promise<Ended> => {
    const { exitCode, stdout, stderr } = await start(program, args, options);
    return { code: exitCode, stdout, stderr };
  };
  return {
    folder,
    variables: base,
    start,
    waggle: (args, options) => run('waggle', args, options),
    fmail: (args, options) => run('fmail', args, options),
    async close() {
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(running);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What differs from one time to the next, made the same: times, ages, ids of runs and leaders. */
export function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/\b\d{8}-\d{6}-(\d{4})\b/g, 'DATE-$1')
    .replaceAll(/just now|\b\d+[sm] ago\b/g, 'AGO')
    .replaceAll(/\btest-\d+-[a-z0-9]{6}\b/g, 'LEADER')
    .replaceAll(/\b[a-z0-9]{20}-(\d+)\b/g, 'RUN-$1')
    .replaceAll(/ +\d+[sm]\b/g, ' AGE');
}

/** Waits until what the process has written on standard output so far satisfies `isEnough`, and gives it. */
export async function untilOutput(
  child: Started,
  what: string,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const stdout = child.stdout;
  if (!stdout) throw new Error('standard output is no pipe');
  let text = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`waited for ${what}, got ${JSON.stringify(text)}`)),
      15_000,
    );
    const look = (piece: Buffer) => {
      text += piece.toString();
      if (!isEnough(text)) return;
      clearTimeout(timer);
      stdout.off('data', look);
      resolve(text);
    };
    stdout.on('data', look);
  });
}
