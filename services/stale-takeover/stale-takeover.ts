/**
 * The stale-takeover service: rescues work whose owner died or makes no progress (DESIGN 2.3). Of those that run, one
 * leads and watches; the others stand by. All beat, each under a name of its own that holds the role.
 */
import { AgentState } from '../../shared/agent/agent-state.ts';
import { createBoardClient } from '../../shared/bus/board-client.ts';
import { campaign } from '../../shared/bus/election.ts';
import { ELECTION_LEASE_MS } from '../../shared/bus/leadership.ts';
import type { Bus } from '../../shared/bus/port.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { acquireStateLock } from '../../shared/process/state-lock.ts';
import type { RandomId } from '../../shared/random.ts';
import { Pulse } from './pulse.ts';
import { type StatusAnswer, StatusDesk } from './status-desk.ts';
import { type TermOptions, watchOver } from './term.ts';

export interface StaleTakeoverOptions {
  readonly core: Bus;
  /** With rights on `$JS.API`. */
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly stateDir: string;
  readonly pid: number;
  readonly version: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly log: Log;
  /** How the state directory is locked. Default: on the disk. */
  readonly acquireLock?: typeof acquireStateLock;
  /** See `TermOptions`. */
  readonly newWatch?: TermOptions['newWatch'];
}

/** A leader that is gone costs a lease of watching anyway: the election may take its time. */
const ELECTION_SHARE = 1 / 3;
const ASK_MS = 1_000;
const ROLE = 'stale-takeover';

/** Runs until the signal aborts; leaving gives the lead up. Errors: `state-locked`, `state-foreign`, `bus-closed`. */
export async function runStaleTakeover(options: StaleTakeoverOptions, signal: AbortSignal): Promise<void> {
  const { swarm, project, agent, clock, log, stateDir, randomId } = options;
  const { acquireLock = acquireStateLock } = options;
  const lock = await acquireLock(stateDir, { randomId });
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: ASK_MS });
  const desk = new StatusDesk({ client, swarm, project, clock, log });
  const state = new AgentState();
  const leaseMs = () => desk.leaseMs();
  const pulse = new Pulse({ ...options, lock, state, leaseMs });
  const offDesk = desk.hear(() => pulse.keepPace(), 'leisure');
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);
  // It beats until the lead is given up: its last beat says that it is gone.
  const helpers = [desk.run(ending), pulse.run(over.signal)];
  try {
    state.become('standby');
    while (!signal.aborted) {
      await untilEntitled(options, desk, ending);
      if (signal.aborted) break;
      await candidacy(options, { desk, pulse, state, identity: `${agent}-${lock.incarnation}` }, ending);
    }
  } finally {
    offDesk();
    over.abort();
    await Promise.all(helpers);
    await swarm.flush().catch(() => undefined);
    await lock.release();
  }
}

interface Standing {
  readonly desk: StatusDesk;
  readonly pulse: Pulse;
  readonly state: AgentState;
  readonly identity: string;
}

/** Campaigns, and leads when elected, for as long as the name holds the role. */
async function candidacy(
  options: StaleTakeoverOptions,
  { desk, pulse, state, identity }: Standing,
  signal: AbortSignal,
): Promise<void> {
  const { core, swarm, project, clock, randomId, log } = options;
  const disentitled = new AbortController();
  const offDesk = desk.hear((status) => {
    if (!holdsRole(status, options.agent)) disentitled.abort();
  }, 'leisure');
  try {
    await campaign(
      {
        core,
        needs: [swarm],
        project,
        role: ROLE,
        identity,
        leaseMs: () => Math.max(ELECTION_LEASE_MS, desk.leaseMs() * ELECTION_SHARE),
        clock,
        randomId,
        log,
      },
      async (leading, isHeld) => {
        state.become('leading');
        try {
          await watchOver({ ...options, desk, pulse }, leading, isHeld);
        } finally {
          state.become('standby');
        }
      },
      AbortSignal.any([signal, disentitled.signal]),
    );
  } finally {
    offDesk();
  }
}

/** A leader whose reports are refused would only keep a better one from leading. */
async function untilEntitled(
  { agent, log }: StaleTakeoverOptions,
  desk: StatusDesk,
  signal: AbortSignal,
): Promise<void> {
  const entitled = new AbortController();
  let isTold = false;
  const offDesk = desk.hear((status) => {
    if (holdsRole(status, agent)) return entitled.abort();
    const role = status.config.roles[agent] ?? 'worker';
    const advice = `give it the role under \`roles:\` in waggle.yaml: \`${agent}: ${ROLE}\``;
    if (!isTold) log.warn({ agent, role, advice }, `this name has not the role ${ROLE}; waiting`);
    isTold = true;
  }, 'leisure');
  await aborted(AbortSignal.any([signal, entitled.signal]));
  offDesk();
}

const holdsRole = ({ config }: StatusAnswer, agent: string): boolean => config.roles[agent] === ROLE;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
