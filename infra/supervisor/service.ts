/**
 * One supervised service: a child process that is started, started again when it ends by itself, and drained.
 *
 * 1. At most one process at a time.
 * 2. After `stop` none runs, whatever was under way: SIGTERM, the drain, SIGKILL.
 * 3. The child leads a process group of its own: Ctrl-C on the terminal doesn't reach it before the drain.
 * 4. Its standard input is a pipe that nobody writes to: it closes when this process dies, however it dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { lastWords } from './last-words.ts';
import { afterExit, FIRST_WAIT_MS, type RestartRule, type ServiceExit } from './restart-policy.ts';
import { openServiceLog, readTail } from './service-log.ts';

export interface ServiceSpec {
  /** Unique in its supervisor; names the log file. */
  readonly name: string;
  /** Program and arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly restart: RestartRule;
  /** Between SIGTERM and SIGKILL. */
  readonly drainMs: number;
}

export type ServiceState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly pid: number; readonly restarts: number }
  | { readonly kind: 'waiting'; readonly waitMs: number; readonly restarts: number }
  | { readonly kind: 'stopping'; readonly pid: number }
  /** It was stopped, or left by itself and is not to be restarted. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'gave-up'; readonly exit: ServiceExit; readonly lastLine?: string };

/** What happens to a service; `lastLine` is what its log says of the failure. */
export type SupervisorEvent =
  | { readonly kind: 'started'; readonly name: string; readonly pid: number; readonly restarts: number }
  | {
      readonly kind: 'exited';
      readonly name: string;
      readonly pid?: number;
      readonly exit: ServiceExit;
      /** Whether it was asked to. */
      readonly expected: boolean;
      readonly lastLine?: string;
    }
  | { readonly kind: 'restarting'; readonly name: string; readonly waitMs: number }
  | {
      readonly kind: 'gave-up';
      readonly name: string;
      readonly exit: ServiceExit;
      readonly lastLine?: string;
    };

export interface ServiceSurroundings {
  readonly logDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Must not throw. */
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** How long after a second SIGTERM, in a hurry, SIGKILL comes. */
const HURRY_MS = 2_000;

export class SupervisedService {
  readonly spec: ServiceSpec;
  readonly logFile: string;
  readonly #around: ServiceSurroundings;
  #state: ServiceState = { kind: 'idle' };
  #child: ChildProcess | undefined;
  #stopping = new AbortController();
  #watching: Promise<void> | undefined;
  #abandoned = false;

  constructor(spec: ServiceSpec, around: ServiceSurroundings) {
    this.spec = spec;
    this.logFile = join(around.logDir, `${spec.name}.log`);
    this.#around = around;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#state.kind === 'running' || this.#state.kind === 'stopping' ? this.#state.pid : undefined;
  }

  /** Starts it unless it runs; resolves when its first process was started, or could not be. */
  async start(): Promise<void> {
    if (this.#watching !== undefined) return;
    this.#stopping = new AbortController();
    this.#abandoned = false;
    await new Promise<void>((onFirst, onError) => {
      const watching = this.#watch(this.#stopping.signal, onFirst).finally(() => {
        this.#watching = undefined;
      });
      this.#watching = watching;
      // It ends before its first process only when that could not be started and is not to be tried again.
      watching.then(onFirst, (error: unknown) => {
        this.#around.log.error({ err: error, service: this.spec.name }, 'a service is no longer watched');
        onError(error);
      });
    });
  }

  /** Kills its process where it stands, and doesn't start it again. False when none runs. */
  abandon(): boolean {
    if (this.#child === undefined) return false;
    this.#abandoned = true;
    return this.#child.kill('SIGKILL');
  }

  /** Drains and ends it; in a hurry, by a second SIGTERM, when the signal aborts. Safe to call again. */
  async stop(hurry?: AbortSignal): Promise<void> {
    const watching = this.#watching;
    if (watching === undefined) return;
    this.#stopping.abort();
    const { clock } = this.#around;
    const child = this.#child;
    if (this.#state.kind === 'running') this.#become({ kind: 'stopping', pid: this.#state.pid });
    child?.kill('SIGTERM');
    // A stopped process takes no SIGTERM.
    child?.kill('SIGCONT');
    const over = new AbortController();
    const force = async () => {
      const cut = hurry === undefined ? over.signal : AbortSignal.any([over.signal, hurry]);
      await clock.sleep(this.spec.drainMs, cut).catch(() => undefined);
      if (hurry?.aborted === true && !over.signal.aborted) {
        child?.kill('SIGTERM');
        await clock.sleep(HURRY_MS, over.signal).catch(() => undefined);
      }
      if (!over.signal.aborted) child?.kill('SIGKILL');
    };
    const forcing = force();
    try {
      await watching;
    } finally {
      over.abort();
      await forcing;
    }
  }

  async #watch(stopping: AbortSignal, onFirst: () => void): Promise<void> {
    const { clock, onEvent } = this.#around;
    const { name, restart: rule } = this.spec;
    let waitMs = FIRST_WAIT_MS;
    for (let restarts = 0; ; restarts += 1) {
      const startedAt = clock.monotonic();
      const { exit, lastLine } = await this.#runOnce(restarts, stopping, onFirst);
      const words = lastLine === undefined ? {} : { lastLine };
      if (stopping.aborted || this.#abandoned) return this.#become({ kind: 'stopped' });
      const next = afterExit({ exit, rule, aliveMs: clock.monotonic() - startedAt, waitMs });
      if (next.kind === 'give-up') {
        this.#become({ kind: 'gave-up', exit, ...words });
        return onEvent({ kind: 'gave-up', name, exit, ...words });
      }
      if (next.kind === 'leave') return this.#become({ kind: 'stopped' });
      this.#become({ kind: 'waiting', waitMs: next.waitMs, restarts });
      onEvent({ kind: 'restarting', name, waitMs: next.waitMs });
      waitMs = next.nextWaitMs;
      await clock.sleep(next.waitMs, stopping).catch(() => undefined);
      if (stopping.aborted) return this.#become({ kind: 'stopped' });
    }
  }

  /** One process from its start to its end. */
  async #runOnce(
    restarts: number,
    stopping: AbortSignal,
    onFirst: () => void,
  ): Promise<{ exit: ServiceExit; lastLine?: string }> {
    const { onEvent, log } = this.#around;
    const { name, argv, cwd, env } = this.spec;
    const { handle, startsAt } = await openServiceLog(this.logFile);
    let child: ChildProcess;
    try {
      const [program, ...args] = argv;
      child = spawn(program, args, {
        cwd,
        env,
        stdio: ['pipe', handle.fd, handle.fd],
        detached: true,
      });
      await once(child, 'spawn');
    } catch (error) {
      const lastLine = messageOf(error);
      onFirst();
      onEvent({ kind: 'exited', name, exit: {}, expected: stopping.aborted, lastLine });
      return { exit: {}, lastLine };
    } finally {
      await handle.close();
    }
    const pid = child.pid as number;
    // It may have ended before its end of the pipe was seen to close.
    child.stdin?.on('error', () => undefined);
    child.on('error', (err) => log.warn({ err, service: name, pid }, 'a service could not be signalled'));
    const ended = exitOf(child);
    this.#child = child;
    // `stop` came while it was starting and saw no process.
    this.#become(stopping.aborted ? { kind: 'stopping', pid } : { kind: 'running', pid, restarts });
    if (stopping.aborted) child.kill('SIGKILL');
    onEvent({ kind: 'started', name, pid, restarts });
    onFirst();
    const exit = await ended;
    this.#child = undefined;
    child.stdin?.destroy();
    const failed = exit.code !== 0 && !stopping.aborted;
    const lastLine = failed ? lastWords(await readTail(this.logFile, startsAt)) : undefined;
    const words = lastLine === undefined ? {} : { lastLine };
    log.debug({ service: name, pid, ...exit }, 'service ended');
    onEvent({ kind: 'exited', name, pid, exit, expected: stopping.aborted || this.#abandoned, ...words });
    return { exit, ...words };
  }

  #become(state: ServiceState): void {
    this.#around.log.debug(
      { service: this.spec.name, from: this.#state.kind, to: state.kind },
      'service state',
    );
    this.#state = state;
  }
}

/** Listens at once: a process may end before anybody awaits it. */
function exitOf(child: ChildProcess): Promise<ServiceExit> {
  const exit = (code: number | null, signal: NodeJS.Signals | null): ServiceExit => ({
    ...(code === null ? {} : { code }),
    ...(signal === null ? {} : { signal }),
  });
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve(exit(child.exitCode, child.signalCode));
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(exit(code, signal))));
}
