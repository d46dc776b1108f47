/**
 * The one place that runs the git binary. Owns its flags, environment, cancellation and errors; knows no
 * subcommand.
 *
 * 1. No hook, file-system monitor, background maintenance, signing or submodule recursion ever runs.
 * 2. Git starts in a folder that exists and is told where to go, so that "no such folder" is git's answer
 *    and never looks like "no git".
 * 3. Git is a process group of its own, without a terminal: a Ctrl-C cannot cut a transaction, ssh cannot
 *    stop to ask, and an abort ends its helpers too.
 * 4. An exit code that the caller didn't expect is an error with git's own words, without credentials.
 */
import { isAbsolute, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { WaggleError } from '../errors.ts';
import { configuredHooksOff } from './configured-hooks.ts';
import { gitEnvironment, type Variables } from './environment.ts';

export interface GitOptions {
  /** Folder to run in (a working tree). */
  readonly cwd?: string;
  /** Repository to work on without any working tree; wins over `cwd`. */
  readonly gitDir?: string;
  readonly env?: Variables;
  readonly input?: string | Uint8Array | Readable;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes that are answers; default only 0. */
  readonly okCodes?: readonly number[];
  /** Read the user's and the system's configuration too: for URLs, whose credentials are there. */
  readonly userConfig?: boolean;
  /** Keep only so much of standard output, and stop git there without calling it a failure. */
  readonly maxStdoutBytes?: number;
}

export interface GitResult {
  /** Without its last newline. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.quotePath=false',
  'core.filesRefLockTimeout=500',
  'core.packedRefsTimeout=500',
  'gc.auto=0',
  'maintenance.auto=false',
  'protocol.ext.allow=never',
  'protocol.file.allow=always',
  'protocol.version=2',
  'submodule.recurse=false',
  'commit.gpgSign=false',
  'push.gpgSign=false',
  'log.showSignature=false',
  'advice.detachedHead=false',
  'safe.directory=*',
].flatMap((setting) => ['-c', setting]);

const STDERR_SHOWN = 2_000;
const KILL_AFTER_MS = 5_000;

/** Runs git to its end. Errors: `git-missing`, `git-failed`; the signal's reason when aborted. */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  const { signal, maxStdoutBytes, okCodes = [0], userConfig = false } = options;
  signal?.throwIfAborted();
  const hooksOff = await configuredHooksOff(commandOf(args), (question) => ask(question, options));
  const running = execa('git', [...placeOf(options), ...settings, ...hooksOff, ...args], {
    cwd: '/',
    env: gitEnvironment(userConfig, options.env),
    extendEnv: false,
    reject: false,
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(maxStdoutBytes === undefined ? {} : { maxBuffer: { stdout: maxStdoutBytes } }),
  });
  const result = await stoppedBy(signal, running.pid, running);
  signal?.throwIfAborted();
  const { exitCode } = result;
  const stderr = withoutCredentials(result.stderr);
  if (exitCode !== undefined && okCodes.includes(exitCode))
    return { stdout: result.stdout, stderr, exitCode };
  if (result.isMaxBuffer && maxStdoutBytes !== undefined)
    return { stdout: result.stdout, stderr, exitCode: 0 };
  if (result.code === 'ENOENT') throw new WaggleError('git-missing', {}, { cause: result });
  throw new WaggleError('git-failed', {
    command: commandOf(args),
    exitCode: exitCode ?? result.signal ?? result.code ?? 'no exit code',
    stderr: stderr.trim().slice(-STDERR_SHOWN) || result.shortMessage || 'it said nothing',
  });
}

/** Like `git`, for a question whose answer is one line. */
export async function gitLine(args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await git(args, options)).stdout.trim();
}

/** Waits for the end, and ends the whole process group (git, ssh, a helper) when the signal aborts. */
async function stoppedBy<T>(signal: AbortSignal | undefined, pid: number | undefined, end: PromiseLike<T>) {
  if (signal === undefined || pid === undefined) return end;
  let killing: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup(pid, 'SIGTERM');
    killing = setTimeout(() => killGroup(pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await end;
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(killing);
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Gone already; macOS says EPERM of a group that holds only zombies.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

async function ask(question: readonly string[], options: GitOptions): Promise<string> {
  const { input: _input, maxStdoutBytes: _limit, ...place } = options;
  return (await git(question, { ...place, okCodes: [0, 1] })).stdout;
}

function placeOf({ cwd, gitDir }: GitOptions): string[] {
  if (gitDir !== undefined) {
    const folder = resolve(gitDir);
    return ['-C', folder, `--git-dir=${folder}`];
  }
  if (cwd === undefined) return [];
  return ['-C', isAbsolute(cwd) ? cwd : resolve(cwd)];
}

function commandOf(args: readonly string[]): string {
  const at = args.findIndex((arg, index) => !arg.startsWith('-') && args[index - 1] !== '-c');
  return args[at] ?? 'command';
}

function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^@/\s']+@/g, '://***@');
}
