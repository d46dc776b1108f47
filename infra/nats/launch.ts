/**
 * One nats-server process: starts it on a configuration file and waits until it answers.
 *
 * The server itself says where it listens, in a ports file that it writes once it accepts connections; JetStream
 * has recovered its streams by then. Knows nothing of restarts, accounts or `.waggle/`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { WaggleError } from '../../shared/errors.ts';

export interface LaunchOptions {
  readonly binary: string;
  readonly configFile: string;
  /** The configuration's `ports_file_dir`. */
  readonly portsDir: string;
  /** Receives what the server logs; its former content is dropped. */
  readonly logFile: string;
  /** Own process group, so that Ctrl-C on the terminal doesn't reach it. */
  readonly detached: boolean;
  /** Default: 30 s; a large store takes time to recover. */
  readonly readyWithinMs?: number;
  readonly signal?: AbortSignal;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface NatsProcess {
  readonly pid: number;
  readonly port: number;
  /** Resolves, and never rejects, when the process has ended. */
  readonly exited: Promise<Exit>;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** The arguments of a server on `configFile`; by them a leftover is recognised. */
export function serverArguments(configFile: string): string[] {
  return ['-c', configFile];
}

/** Starts a server. Errors: `nats-failed`, naming the end of its log when it ended or never answered. */
export async function launchNats(options: LaunchOptions): Promise<NatsProcess> {
  options.signal?.throwIfAborted();
  const log = await open(options.logFile, 'w', 0o600);
  const child = spawn(options.binary, serverArguments(options.configFile), {
    stdio: ['ignore', log.fd, log.fd],
    detached: options.detached,
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new WaggleError('nats-failed', { cause: `${options.binary} cannot run` }, { cause: error });
  } finally {
    await log.close();
  }
  const pid = child.pid as number;
  const exited = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }));
  });
  const portsFile = join(options.portsDir, `${basename(options.binary)}_${pid}.ports`);
  try {
    const port = await readPort(portsFile, exited, options);
    return { pid, port, exited, kill: (signal) => void child.kill(signal) };
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    if (options.signal?.aborted) throw error;
    throw new WaggleError(
      'nats-failed',
      { cause: `${(error as Error).message}: ${await lastComplaint(options.logFile)}` },
      { cause: error },
    );
  } finally {
    await rm(portsFile, { force: true });
  }
}

async function readPort(file: string, exited: Promise<Exit>, options: LaunchOptions): Promise<number> {
  const readyWithinMs = options.readyWithinMs ?? 30_000;
  return await new Promise<number>((resolve, reject) => {
    const look = () => {
      readFile(file, 'utf8').then(
        (text) => {
          const port = parsePort(text);
          if (port !== undefined) settle(() => resolve(port));
        },
        () => undefined, // not written yet: the next change, or the timer, looks again
      );
    };
    // A watcher alone is not enough: a machine can run out of them, and some file systems tell nothing.
    const timer = setInterval(look, 50);
    const deadline = setTimeout(
      () => settle(() => reject(new Error(`it did not answer within ${readyWithinMs} ms`))),
      readyWithinMs,
    );
    const watcher = watchFolder(options.portsDir, look);
    const abort = () => settle(() => reject(options.signal?.reason));
    options.signal?.addEventListener('abort', abort, { once: true });
    const settle = (act: () => void) => {
      clearInterval(timer);
      clearTimeout(deadline);
      watcher?.close();
      options.signal?.removeEventListener('abort', abort);
      act();
    };
    exited.then(({ code, signal }) =>
      settle(() => reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`))),
    );
    look();
  });
}

function watchFolder(folder: string, changed: () => void): { close(): void } | undefined {
  try {
    const watcher = watch(folder, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined; // out of watchers: the timer looks
  }
}

/** The file is not written atomically, so it may be seen half. */
function parsePort(text: string): number | undefined {
  const url = /"nats":\s*\[\s*"nats:\/\/[^"]*:(\d+)"/.exec(text);
  return url === null || !text.trimEnd().endsWith('}') ? undefined : Number(url[1]);
}

/** The last line of a log that says what went wrong, without its head of pid and time. */
async function lastComplaint(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n');
  const line = lines.findLast((one) => /\[(FTL|ERR)\]|nats-server:/.test(one)) ?? lines.at(-1) ?? '';
  return line.replace(/^.*\[(FTL|ERR)\] /, '') || 'it logged nothing';
}
