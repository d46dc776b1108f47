/**
 * From nothing to a swarm that works: bus, orchestrator, configuration, agents, each told when it is ready.
 */
import type { Supervisor } from '../../../infra/supervisor/supervisor.ts';
import { type BoardClient, createBoardClient, isTransient } from '../../../shared/bus/board-client.ts';
import type { Bus } from '../../../shared/bus/port.ts';
import { createReader, type Reader } from '../../../shared/bus/read-client.ts';
import { isWaggleError, WaggleError } from '../../../shared/errors.ts';
import { silentLog } from '../../../shared/log.ts';
import { hostName } from '../../../shared/process/identity.ts';
import {
  connectAs,
  openContext,
  type ServiceContext,
  type Variables,
} from '../../../shared/service/context.ts';
import { sendConfiguration } from '../configuration-sending.ts';
import type { ProjectPlace } from '../project-place.ts';
import { BUS, ORCHESTRATOR, type UpPlan } from './plan.ts';
import { type Missing, missingParts } from './readiness.ts';

export interface StartingOptions {
  readonly place: ProjectPlace;
  readonly plan: UpPlan;
  readonly supervisor: Supervisor;
  readonly variables: Variables;
  /** Called once for each part that got ready. */
  readonly onReady: (name: string, detail: string) => void;
  /** Called when what is waited for changes. */
  readonly onMissing: (missing: readonly Missing[]) => void;
}

const POLL_MS = 100;
const OPERATOR = 'operator';

/** Errors: `refused` when the board will not have the configuration; the signal's reason. */
export async function startAll(options: StartingOptions, signal: AbortSignal): Promise<void> {
  const { supervisor, plan, onReady, onMissing } = options;
  if (plan.services.some(({ name }) => name === BUS)) await supervisor.start(BUS);
  onMissing([{ name: BUS, why: 'the bus does not answer yet' }]);
  const { context, swarm } = await connectedBus(options, signal);
  try {
    onReady('bus', `${context.bus.urls.join(', ')}, nats-server ${swarm.server().version}`);
    const { project, clock } = context;
    const client = createBoardClient({ swarm, project, agent: OPERATOR, clock });
    const reader = createReader(swarm, project, OPERATOR);
    await supervisor.start(ORCHESTRATOR);
    onMissing([{ name: ORCHESTRATOR, why: 'no leader answers yet' }]);
    await configure(options.place, client, signal);
    onReady(ORCHESTRATOR, 'leads');
    await Promise.all(plan.agents.map((name) => supervisor.start(name)));
    await agentsReady(options, client, reader, signal);
  } finally {
    await swarm.close();
  }
}

async function connectedBus(
  { place, variables }: StartingOptions,
  signal: AbortSignal,
): Promise<{ context: ServiceContext; swarm: Bus }> {
  for (;;) {
    signal.throwIfAborted();
    const context = await openContext({ folder: place.root, variables, service: 'up' }).catch(busNotYet);
    if (context !== undefined) {
      const quiet = { ...context, log: silentLog };
      const swarm = await connectAs(quiet, 'agent', OPERATOR, { signal }).catch(busNotYet);
      if (swarm !== undefined) return { context: quiet, swarm };
    }
    await place.clock.sleep(POLL_MS, signal);
  }
}

function busNotYet(error: unknown): undefined {
  if (isWaggleError(error, 'bus-unknown') || isWaggleError(error, 'bus-unreachable')) return undefined;
  throw error;
}

/** Sends the configuration, roles included, unless the board has that very one. */
async function configure(place: ProjectPlace, client: BoardClient, signal: AbortSignal): Promise<void> {
  const { board: config } = place.config;
  const { config: current } = await leaderStatus(place, client, signal);
  const answer = await sendConfiguration(client, config, current, signal);
  if (answer === 'unchanged' || answer.status === 'ok') return;
  throw new WaggleError('refused', {
    message: `the board refuses the configuration: ${answer.message ?? answer.code ?? 'no reason given'}`,
    reason: answer.code,
  });
}

/** Asks until a leader answers: a first one has a journal to fold. */
async function leaderStatus({ clock }: ProjectPlace, client: BoardClient, signal: AbortSignal) {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    } catch (error) {
      if (!isWaggleError(error) || !isTransient(error)) throw error;
    }
    await clock.sleep(POLL_MS, signal);
  }
}

async function agentsReady(
  { place, plan, supervisor, onReady, onMissing }: StartingOptions,
  client: BoardClient,
  reader: Reader,
  signal: AbortSignal,
): Promise<void> {
  const host = hostName();
  const waitedFor = new Set([
    ...Object.keys(place.config.board.lanes).map((lane) => `lane ${lane}`),
    ...plan.agents,
  ]);
  for (;;) {
    const status = await leaderStatus(place, client, signal);
    const { beats } = await reader.beats(signal).catch(noBeats);
    const pids = new Map(plan.agents.map((name) => [name, supervisor.pid(name)]));
    const missing = missingParts({ status, beats, pids, host });
    onMissing(missing);
    for (const name of waitedFor) {
      if (missing.some((part) => part.name === name)) continue;
      waitedFor.delete(name);
      onReady(name, detailOf(name, status.lanes));
    }
    if (missing.length === 0) return;
    await place.clock.sleep(POLL_MS, signal);
  }
}

function detailOf(name: string, lanes: Readonly<Record<string, { readonly tip?: string }>>): string {
  const tip = lanes[name.replace(/^lane /, '')]?.tip;
  return name.startsWith('lane ') && tip !== undefined ? `at ${tip.slice(0, 10)}` : '';
}

/** The stream of beats comes with the orchestrator, and is gone for a moment after a restart of the bus. */
function noBeats(error: unknown): { beats: [] } {
  if (isWaggleError(error) && (error.retryable || error.code === 'refused' || error.code === 'bus-closed'))
    return { beats: [] };
  throw error;
}
