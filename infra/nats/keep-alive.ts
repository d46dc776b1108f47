/**
 * Keeps one server process alive: when it dies before `stop`, another is launched, for ever, with backoff.
 *
 * 1. At most one process at a time: the next is launched only when the last has ended.
 * 2. After `stop` nothing runs, whatever was under way.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Exit, NatsProcess } from './launch.ts';

export interface Restart {
  readonly pid: number;
  /** How often it has been started again, this time included. */
  readonly restarts: number;
  /** How the process before ended. */
  readonly exit: Exit;
}

export interface KeepAliveOptions {
  readonly first: NatsProcess;
  /** Gives up, leaving no process, when the signal aborts. */
  readonly launch: (signal: AbortSignal) => Promise<NatsProcess>;
  readonly clock: Clock;
  /** Must not throw. */
  readonly restarted: (restart: Restart) => void;
  /** A launch failed; another follows. Must not throw. */
  readonly failed: (error: unknown) => void;
}

export interface KeptAlive {
  /** Of the process that runs now; the last one's while a restart is under way. */
  readonly pid: number;
  readonly restarts: number;
  /** Ends the process that runs now, whatever state it is in, so that another is launched. */
  renew(): void;
  /** SIGTERM, and SIGKILL after 10 s. Call it once. */
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 50;
/** Everything waits for the bus: one that cannot live yet is tried every two seconds. */
const LONGEST_BACKOFF_MS = 2_000;
/** A process that lived this long had served: whoever kills it now and then, however often, finds it back at once. */
const HEALTHY_MS = 1_000;
const STOP_GRACE_MS = 10_000;

/** Takes charge of `first`. */
export function keepAlive(options: KeepAliveOptions): KeptAlive {
  const { clock, launch, restarted, failed } = options;
  const stopping = new AbortController();
  let server = options.first;
  let restarts = 0;
  // A supervisor that ends without `stop` takes its server along.
  const endWithUs = () => server.kill('SIGTERM');
  process.once('exit', endWithUs);

  const watchOver = async (): Promise<void> => {
    let backoffMs = FIRST_BACKOFF_MS;
    let startedAt = clock.monotonic();
    let exit = await server.exited;
    while (!stopping.signal.aborted) {
      if (clock.monotonic() - startedAt >= HEALTHY_MS) backoffMs = FIRST_BACKOFF_MS;
      await clock.sleep(backoffMs, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      startedAt = clock.monotonic();
      try {
        server = await launch(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted) failed(error);
        continue;
      }
      // `stop` came in the moment between the launch and here: it ended only the process before.
      if (stopping.signal.aborted) server.kill('SIGTERM');
      restarts += 1;
      restarted({ pid: server.pid, restarts, exit });
      exit = await server.exited;
    }
  };
  const watching = watchOver();

  return {
    get pid() {
      return server.pid;
    },
    get restarts() {
      return restarts;
    },
    renew: () => server.kill('SIGKILL'),
    stop: async () => {
      stopping.abort();
      server.kill('SIGTERM');
      const force = setTimeout(() => server.kill('SIGKILL'), STOP_GRACE_MS);
      try {
        await watching;
      } finally {
        clearTimeout(force);
        process.removeListener('exit', endWithUs);
      }
    },
  };
}
