/**
 * The demo's swarm: the real services through the built command, each a process of its own under the supervisor,
 * as `waggle up` runs them. Knows nothing of what the tasks are.
 */
import type { Clock } from '../../shared/clock.ts';
import { findBus } from '../../shared/config/bus-file.ts';
import { isWaggleError, WaggleError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Variables } from '../../shared/service/context.ts';
import { exitText } from '../supervisor/restart-policy.ts';
import { type ServiceSpec, type SupervisorEvent, startSupervisor } from '../supervisor/supervisor.ts';
import { waggle } from './waggle-command.ts';

export interface SwarmOptions {
  /** Folder of the `waggle.yaml`. */
  readonly root: string;
  readonly logDir: string;
  readonly workers: readonly string[];
  /** Of the services; see `serviceVariables`. */
  readonly variables: Variables;
  /** Called when a service ended by itself. Must not throw. */
  readonly onTrouble: (text: string) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives up the start. */
  readonly signal: AbortSignal;
}

export interface Swarm {
  /** Rejects when a service cannot be kept running; otherwise it never settles. */
  readonly broken: Promise<never>;
  /** Pid of the orchestrator process of which the leader's identity speaks. */
  leaderPid(leader: string): number | undefined;
  /** Kills a worker, which stays dead. */
  abandon(worker: string): boolean;
  /** Drains and ends everything; in a hurry when the signal aborts. */
  stop(hurry?: AbortSignal): Promise<void>;
}

/** One leads, the other stands by. */
const orchestrators = ['orchestrator', 'orchestrator-2'];
const DRAIN_MS = 10_000;
const BUS_WITHIN_MS = 30_000;
const LOOK_MS = 20;

/** The environment without what would make the services work for another project, task or agent. */
export function serviceVariables(variables: Variables): Variables {
  const foreign = /^(WAGGLE_(PROJECT|SOCKET|TASK|FENCE|RUN)|FMAIL_.*|GIT_.*|npm_.*)$/;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !foreign.test(name)));
}

/** Starts bus (unless the environment names one), two orchestrators, committer, stale-takeover and workers. Errors: `check-failed`. */
export async function startSwarm(options: SwarmOptions): Promise<Swarm> {
  const { root, logDir, workers, variables, onTrouble, clock, log, signal } = options;
  const service = (name: string, ...args: string[]): ServiceSpec => ({
    name,
    argv: [...waggle, ...args],
    cwd: root,
    env: variables,
    restart: 'always',
    drainMs: DRAIN_MS,
  });
  const ownBus = (variables['WAGGLE_NATS_URL'] ?? '').trim() === '';
  const others = [
    ...orchestrators.map((name) => service(name, 'orchestrator')),
    service('committer', 'committer'),
    service('stale-takeover', 'stale-takeover'),
    ...workers.map((name) => service(name, 'worker', '--name', name)),
  ];
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Whoever waits for something races it against this; a fault after that is told in the summary's checks.
  broken.catch(() => undefined);
  const onEvent = (event: SupervisorEvent): void => {
    if (event.kind === 'started' || event.kind === 'restarting') return;
    if (event.kind === 'exited' && event.expected) return;
    const words = `${event.name} ended: ${exitText(event.exit)}${event.lastLine === undefined ? '' : `: ${event.lastLine}`}`;
    if (event.kind === 'exited') onTrouble(words);
    else fail(new WaggleError('check-failed', { message: `${words} (see ${logDir})` }));
  };
  const supervisor = await startSupervisor({
    services: [...(ownBus ? [service('nats', 'nats')] : []), ...others],
    logDir,
    stopOrder: [['committer', 'stale-takeover'], orchestrators, ['nats']],
    onEvent,
    clock,
    log,
  });
  const stop = (hurry?: AbortSignal) => supervisor.stop(hurry);
  try {
    if (ownBus) {
      await supervisor.start('nats');
      await Promise.race([busAnnounced(options), broken]);
    }
    for (const { name } of others) {
      signal.throwIfAborted();
      await supervisor.start(name);
    }
    return {
      broken,
      stop,
      abandon: (worker) => supervisor.abandon(worker),
      leaderPid: (leader) =>
        orchestrators.map((name) => supervisor.pid(name)).find((pid) => leader.includes(`-${pid}-`)),
    };
  } catch (error) {
    await stop(AbortSignal.abort());
    throw error;
  }
}

/** The bus says where it is once it answers. */
async function busAnnounced({ root, variables, logDir, clock, signal }: SwarmOptions): Promise<void> {
  const deadline = clock.monotonic() + BUS_WITHIN_MS;
  for (;;) {
    try {
      await findBus({ folder: root, env: variables });
      return;
    } catch (error) {
      if (!isWaggleError(error, 'bus-unknown')) throw error;
    }
    if (clock.monotonic() > deadline) {
      const message = `the bus did not start within ${BUS_WITHIN_MS / 1000} s (see ${logDir}/nats.log)`;
      throw new WaggleError('check-failed', { message });
    }
    await clock.sleep(LOOK_MS, signal);
  }
}
