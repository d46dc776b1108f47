/**
 * Starts a program that outlives this process: in a session of its own, with its output in a file.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { messageOf, WaggleError } from '../../shared/errors.ts';
import { lastWords } from './last-words.ts';
import type { ServiceExit } from './restart-policy.ts';
import { openServiceLog, readTail } from './service-log.ts';

export interface BackgroundProcess {
  readonly pid: number;
  /** Resolves when it has ended, as long as this process lives and has not released it. */
  readonly exited: Promise<ServiceExit>;
  /** What it logged last of why it ended. */
  lastLine(): Promise<string | undefined>;
  kill(signal: NodeJS.Signals): void;
  /** Lets this process end without it. */
  release(): void;
}

/** Errors: `start-failed`. */
export async function startInBackground(options: {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}): Promise<BackgroundProcess> {
  const { argv, cwd, env, logFile } = options;
  const [program, ...args] = argv;
  const { handle, startsAt } = await openServiceLog(logFile);
  try {
    const child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', handle.fd, handle.fd],
    });
    const exited = new Promise<ServiceExit>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve({ ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) }),
      );
    });
    await once(child, 'spawn');
    return {
      pid: child.pid as number,
      exited,
      lastLine: async () => lastWords(await readTail(logFile, startsAt)),
      kill: (signal) => void child.kill(signal),
      release: () => child.unref(),
    };
  } catch (error) {
    throw new WaggleError('start-failed', { program, cause: messageOf(error) }, { cause: error });
  } finally {
    await handle.close();
  }
}
