/**
 * What `waggle up` starts, as data: each service's command line, how long it may drain, and the order in which
 * all are stopped. Pure.
 */
import type { ServiceSpec } from '../../../infra/supervisor/supervisor.ts';
import { WITH_PARENT } from '../parent-watch.ts';

export interface UpPlanOptions {
  /** Node, its options and the entry script. */
  readonly program: readonly [string, ...string[]];
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workers: number;
  /** Workers are called `<prefix>1`, `<prefix>2`, … */
  readonly prefix: string;
  readonly drainMs: number;
  /** Whether the bus is ours to run. */
  readonly bus: boolean;
}

export interface UpPlan {
  readonly services: readonly ServiceSpec[];
  /** Group by group; the bus last. */
  readonly stopOrder: readonly (readonly string[])[];
  /** Those that send beats. */
  readonly agents: readonly string[];
}

export const BUS = 'nats';
export const ORCHESTRATOR = 'orchestrator';
export const COMMITTER = 'committer';
export const STALE_TAKEOVER = 'stale-takeover';

/** What a service needs beyond its drain: a last word to the board, letting go of files and connections. */
const LEAVE_MS = 10_000;
const ORCHESTRATOR_DRAIN_MS = 10_000;
/** A server gets 10 s to end before it is killed. */
const BUS_DRAIN_MS = 15_000;

/** The services in the order in which they are started. */
export function planUp(options: UpPlanOptions): UpPlan {
  const { program, root: cwd, env, drainMs } = options;
  const drain = ['--drain', `${drainMs}ms`];
  const service = (
    name: string,
    words: readonly string[],
    leaveMs: number,
    restart: ServiceSpec['restart'] = 'always',
  ): ServiceSpec => ({
    name,
    argv: [...program, ...words, WITH_PARENT],
    cwd,
    env,
    restart,
    drainMs: leaveMs,
  });
  const workers = Array.from({ length: options.workers }, (_, n) => `${options.prefix}${n + 1}`);
  const agents = [COMMITTER, STALE_TAKEOVER, ...workers];
  const bus = options.bus ? [service(BUS, ['nats'], BUS_DRAIN_MS)] : [];
  const agentServices = [
    service(COMMITTER, ['committer', '--name', COMMITTER, ...drain], drainMs + LEAVE_MS),
    service(STALE_TAKEOVER, ['stale-takeover', '--name', STALE_TAKEOVER], LEAVE_MS),
    ...workers.map((name) =>
      service(name, ['worker', '--name', name, ...drain], drainMs + LEAVE_MS, 'on-failure'),
    ),
  ];
  return {
    services: [...bus, service(ORCHESTRATOR, ['orchestrator'], ORCHESTRATOR_DRAIN_MS), ...agentServices],
    stopOrder: [agents, [ORCHESTRATOR], ...bus.map(({ name }) => [name])],
    agents,
  };
}
