/**
 * A program in a process group (and session) of its own, that cannot outlive this process and leaves no
 * one behind.
 *
 * 1. The program starts only after a guard process knows its group; from then on the group ends when this
 *    process does, kill -9 included.
 * 2. `startGuarded` resolves when the program itself runs, and rejects with `start-failed` when it never
 *    did; nothing is left over then.
 * 3. When the program ends, whoever else is in its group is ended too, before `exited` resolves.
 * 4. Output is handed on in order, stream by stream, and read no faster than it is taken.
 * 5. A guard that ends early ends the program: nothing runs unguarded.
 * 6. The environment is what is given; the shell that becomes the program may add PWD (and SHLVL, `_`).
 *
 * Out of reach: a descendant that makes a session of its own and outlives the group on purpose.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { messageOf, WaggleError } from '../errors.ts';
import { type ProcessGroup, terminateGroup } from '../process/group.ts';
import { processIdentity } from '../process/identity.ts';
import { randomId } from '../random.ts';
import { type Guard, startGuard } from './guard.ts';
import { LAUNCH_SCRIPT } from './guard-script.ts';
import { DEFAULT_PATH, resolveProgram } from './program-path.ts';
import { openRealPipes, type RealPipe } from './real-pipe.ts';

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export interface GuardedOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absent: standard input is empty. */
  readonly stdin?: string | Uint8Array | { readonly file: string };
  /** Between TERM and KILL. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** What it returns is awaited before more of that stream is read; when it fails, the program is ended. */
  readonly onOutput: (chunk: OutputChunk) => void | Promise<void>;
}

/** How it ended. `endedBy`: the reason given to the `stop` that ended it, or `guard-lost`. */
export interface GuardedEnd {
  readonly exitCode?: number;
  readonly signal?: NodeJS.Signals;
  readonly endedBy?: string;
}

export interface GuardedProcess {
  readonly group: ProcessGroup;
  readonly guardPid: number;
  /** Resolves when the whole group has ended and its output was handed on; rejects with `onOutput`'s error. */
  readonly exited: Promise<GuardedEnd>;
  /** Ends the whole group: TERM, grace, KILL. A later call with grace 0 cuts the grace of an earlier one short. */
  stop(reason: string, graceMs?: number): Promise<GuardedEnd>;
}

const START_DEADLINE_MS = 30_000;
/** How long a stream may stay open and silent after its group has ended: somebody outside holds it. */
const STREAM_LINGER_MS = 300;
/** For how many such waits it may go on, and how much may come: more than a pipe and its reader hold. */
const LINGER_ROUNDS = 10;
const LINGER_BYTES = 512 * 1024;

/** Starts a program and resolves once it runs. Error: `start-failed`. */
export async function startGuarded(options: GuardedOptions): Promise<GuardedProcess> {
  const { argv, cwd, env, clock } = options;
  const [program = '', ...args] = argv;
  const path = await resolveProgram(program, cwd, env.PATH);
  const shellName = `waggle-start-${randomId(10)}`;
  let launch: Launch | undefined;
  let guard: Guard | undefined;
  try {
    guard = await startGuard(env.PATH ?? DEFAULT_PATH, options.graceMs);
    launch = await startLauncher(shellName, [path, ...args], options);
    const { pid } = launch;
    const identity = await processIdentity(pid);
    if (identity === undefined) throw new Error('it ended at once');
    await guard.watch(pid);
    const failure = await becomeProgram(launch, shellName, clock);
    if (failure !== undefined) throw new Error(failure);
    return superviseGroup({ pgid: pid, identity }, launch, guard, options);
  } catch (error) {
    if (launch !== undefined) {
      if (!launch.isOver()) await terminateGroup(launch.pid, { graceMs: 0, clock });
      launch.destroy();
    }
    await guard?.release();
    throw startFailed(program, error);
  }
}

function startFailed(program: string, error: unknown): WaggleError {
  if (error instanceof WaggleError) return error;
  const tooLong = (error as NodeJS.ErrnoException).code === 'E2BIG';
  const cause = tooLong ? 'its arguments and environment are too long together' : messageOf(error);
  return new WaggleError('start-failed', { program, cause }, { cause: error });
}

/** A launcher that waits for its `go`. */
interface Launch {
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Whether it has ended, so that its number may be somebody else's by now. */
  isOver(): boolean;
  readonly go: Socket;
  /** Ends when the launcher has become the program, or has ended. */
  readonly status: Socket;
  readonly stdout: Readable;
  readonly stderr: Readable;
  destroy(): void;
}

async function startLauncher(
  shellName: string,
  argv: readonly string[],
  { cwd, env, stdin }: GuardedOptions,
): Promise<Launch> {
  const input = typeof stdin === 'object' && 'file' in stdin ? await open(stdin.file, 'r') : undefined;
  let pipes: RealPipe[] | undefined;
  try {
    pipes = await openRealPipes(2);
    const child = spawn('/bin/sh', ['-c', LAUNCH_SCRIPT, shellName, ...argv], {
      detached: true,
      cwd,
      env,
      stdio: [
        stdin === undefined ? 'ignore' : (input?.fd ?? 'pipe'),
        pipes?.[0]?.writeFd ?? 'pipe',
        pipes?.[1]?.writeFd ?? 'pipe',
        'pipe',
        'pipe',
      ],
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    );
    await once(child, 'spawn');
    // A program need not read its input, nor live until all of it is written.
    child.stdin?.on('error', () => {});
    if (typeof stdin === 'string' || stdin instanceof Uint8Array) child.stdin?.end(stdin);
    return launched(child, pipes, ended);
  } catch (error) {
    for (const pipe of pipes ?? []) pipe.reader.destroy();
    throw error;
  } finally {
    for (const pipe of pipes ?? []) pipe.closeWriter();
    await input?.close();
  }
}

function launched(child: ChildProcess, pipes: RealPipe[] | undefined, ended: Launch['ended']): Launch {
  const stdout = pipes?.[0]?.reader ?? child.stdout;
  const stderr = pipes?.[1]?.reader ?? child.stderr;
  const { pid } = child;
  const [go, status] = [child.stdio[3], child.stdio[4]] as (Socket | null | undefined)[];
  if (pid === undefined || !stdout || !stderr || !go || !status) throw new Error('it has no pid or pipes');
  for (const stream of [stdout, stderr, go, status]) stream.on('error', () => {});
  // Holds what comes until it is read: Node throws away the output of a child that ends before anyone listens.
  for (const stream of [stdout, stderr]) stream.on('readable', () => {});
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const destroy = () => {
    for (const stream of [stdout, stderr, go, status, child.stdin]) stream?.destroy();
  };
  return { pid, ended, isOver, go, status, stdout, stderr, destroy };
}

/** Lets the launcher become the program. Resolves with what its shell says when it could not. */
async function becomeProgram(launch: Launch, shellName: string, clock: Clock): Promise<string | undefined> {
  const deadline = new AbortController();
  const began = new Promise<boolean>((resolve) => launch.status.once('close', () => resolve(true)));
  const late = clock.sleep(START_DEADLINE_MS, deadline.signal).then(
    () => false,
    () => false,
  );
  launch.status.resume();
  launch.go.end('go\n');
  const inTime = await Promise.race([began, late]);
  deadline.abort();
  if (!inTime) return `it had not started after ${START_DEADLINE_MS / 1_000} s`;
  // A complaint of the shell was readable before the end of `status`: two turns of the loop bring it here.
  await nextTurn();
  await nextTurn();
  const first = launch.stderr.read() as Buffer | null;
  if (first === null) return undefined;
  launch.stderr.unshift(first);
  if (!first.toString('latin1').startsWith(`${shellName}:`)) return undefined;
  const words = first.toString('utf8').split('\n')[0] ?? '';
  return words.slice(shellName.length + 1).replace(/^ (line )?\d+: (exec: )?/, '');
}

function superviseGroup(
  group: ProcessGroup,
  launch: Launch,
  guard: Guard,
  { graceMs, clock, onOutput }: GuardedOptions,
): GuardedProcess {
  const hurry = new AbortController();
  let endedBy: string | undefined;
  let outputError: { error: unknown } | undefined;
  let programEnded = false;
  let released = false;
  let termination: Promise<boolean> | undefined;

  const terminate = (ms: number): Promise<boolean> => {
    if (ms === 0) hurry.abort();
    termination ??= terminateGroup(group.pgid, { graceMs: ms, clock, hurry: hurry.signal });
    return termination;
  };
  const stop = (reason: string, ms = graceMs): Promise<GuardedEnd> => {
    if (!programEnded) endedBy ??= reason;
    // Its end, and any error, come through `exited`, which awaits the same promise.
    terminate(ms).catch(() => {});
    return exited;
  };
  const take = async (chunk: OutputChunk): Promise<void> => {
    if (outputError !== undefined) return;
    try {
      await onOutput(chunk);
    } catch (error) {
      outputError = { error };
      stop('output-failed').catch(() => {});
    }
  };
  const pumps = [
    new Pump('stdout', launch.stdout, clock, take),
    new Pump('stderr', launch.stderr, clock, take),
  ];
  const run = async (): Promise<GuardedEnd> => {
    try {
      const { code, signal } = await launch.ended;
      programEnded = true;
      await terminate(graceMs);
      await Promise.all(pumps.map((pump) => pump.finish()));
      if (outputError !== undefined) throw outputError.error;
      return {
        ...(code === null ? {} : { exitCode: code }),
        ...(signal === null ? {} : { signal }),
        ...(endedBy === undefined ? {} : { endedBy }),
      };
    } finally {
      released = true;
      launch.destroy();
      await guard.release();
    }
  };
  const exited = run();
  // Whoever awaits it sees a failure; nobody must, for the process to go on.
  exited.catch(() => {});
  guard.gone.then(() => {
    if (!released) stop('guard-lost').catch(() => {});
  });
  return { group, guardPid: guard.pid, exited, stop };
}

/** Hands one stream on, chunk by chunk. */
class Pump {
  readonly #stream: Readable;
  readonly #clock: Clock;
  readonly #done: Promise<void>;
  #bytes = 0;
  #busy = false;

  constructor(
    name: OutputChunk['stream'],
    stream: Readable,
    clock: Clock,
    take: (chunk: OutputChunk) => Promise<void>,
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#done = this.#run(name, take);
    // Awaited by `finish`, which may come later than a failure.
    this.#done.catch(() => {});
  }

  async #run(name: OutputChunk['stream'], take: (chunk: OutputChunk) => Promise<void>): Promise<void> {
    try {
      for await (const bytes of this.#stream) {
        this.#bytes += (bytes as Buffer).length;
        this.#busy = true;
        await take({ stream: name, bytes: bytes as Buffer, at: this.#clock.monotonic() });
        this.#busy = false;
      }
    } catch (error) {
      // `finish` cut off a stream that somebody outside the group holds open.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }

  /**
   * To be called when the group has ended: waits for the stream's end, as long as something comes and can
   * still be the group's.
   */
  async finish(): Promise<void> {
    const end = new AbortController();
    const done = this.#done.finally(() => end.abort());
    const before = this.#bytes;
    let seen = -1;
    for (let rounds = 0; rounds < LINGER_ROUNDS && !end.signal.aborted; rounds += this.#busy ? 0 : 1) {
      if (!this.#busy && seen === this.#bytes) break;
      if (this.#bytes - before > LINGER_BYTES) break;
      seen = this.#bytes;
      await Promise.race([done, this.#clock.sleep(STREAM_LINGER_MS, end.signal).catch(() => {})]);
    }
    this.#stream.destroy();
    await done;
  }
}
