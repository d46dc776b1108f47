/**
 * The life of an agent that claims work: workers and committers alike. Claims, hands each grant to `perform`, keeps
 * and delivers its report, beats, takes control messages, drains.
 *
 * Invariants:
 * 1. Nothing is claimed before the outbox of the predecessor is delivered; the first claim is decided after it.
 * 2. A report is on disk before it is sent; it is sent with the next claim, or by mail when that is not possible.
 * 3. A grant is listed in beats until its report is delivered: nobody may take what is only waiting for the bus.
 * 4. Leaving, and a pause, stop claiming first; the last claim asks for nothing and makes the one that was cut off void.
 */
import type { Capabilities, Claim, ClaimAnswer, Role } from '../../schemas/index.ts';
import { createBoardClient, isTransient } from '../bus/board-client.ts';
import { createClaimer } from '../bus/claimer.ts';
import type { Bus } from '../bus/port.ts';
import { isWaggleError, messageOf, WaggleError } from '../errors.ts';
import { withFirst } from '../first-signal.ts';
import type { StateLock } from '../process/state-lock.ts';
import { AgentState } from './agent-state.ts';
import { serveControl } from './control-desk.ts';
import { Courier, type FileSource } from './courier.ts';
import { GrantSource } from './grant-source.ts';
import { goesOn, type Loop, perform, type WorkOptions, withdraw } from './granted-work.ts';
import { beatUntil } from './heartbeat.ts';
import type { HeldGrant } from './held-grant.ts';
import type { IdleStop } from './idle-stop.ts';
import { Lease, learnLease } from './lease.ts';
import type { LoopOrders, WordOrders } from './orders.ts';
import type { Outbox } from './outbox.ts';
import { Pause } from './pause.ts';

export interface ClaimLoopOptions extends WorkOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly role: Role;
  readonly work: Claim['work'];
  readonly lock: Pick<StateLock, 'incarnation' | 'place'>;
  readonly outbox: Outbox;
  /** Where the files lie that reports name. Default: on the disk. */
  readonly files?: FileSource;
  /** Asked for with each claim that goes out. */
  readonly capabilities: Capabilities;
  readonly pid: number;
  readonly version: string;
  /** Absent: waits for work for ever. */
  readonly idleStop?: { readonly watch: IdleStop; readonly waitMs: number };
  /** Orders for the harness; absent: there is none. */
  readonly words?: WordOrders;
  /** How long nothing that this agent can run may be run here; 0: it may. */
  readonly restMs?: () => Promise<number>;
}

const REFUSED_PAUSE_MS = 1_000;
const WITHDRAW_AGAIN_MS = 1_000;
const DEFAULT_LEASE_MS = 30_000;

/** Runs until the signal aborts and what is in hand is finished or given back. */
export async function runClaimLoop(options: ClaimLoopOptions, drain: AbortSignal): Promise<void> {
  const { swarm, project, agent, clock, log, lock, outbox } = options;
  const held = new Set<HeldGrant>();
  const ending = new AbortController();
  const stopping = new AbortController();
  const killing = new AbortController();
  const draining = AbortSignal.any([drain, ending.signal]);
  const alive = new AbortController();
  const client = createBoardClient({ swarm, project, agent, clock });
  const { files } = options;
  const courier = new Courier({
    outbox,
    swarm,
    project,
    agent,
    clock,
    log,
    ...(files === undefined ? {} : { files }),
  });
  const state = new AgentState();
  const pause = new Pause(clock);
  const orders: LoopOrders = {
    drain: () => ending.abort(),
    stop: () => {
      stopping.abort();
      return held.size === 0 ? 'now' : 'next_run';
    },
    kill: (why) => {
      for (const holding of held) holding.end('kill', why);
      killing.abort('kill');
      ending.abort();
    },
    pause: (forMs) => {
      pause.start(forMs);
      return held.size === 0 ? 'now' : 'next_run';
    },
    resume: () => pause.resume(),
  };
  const control = serveControl({
    swarm,
    project,
    agent,
    held: () => [...held],
    orders,
    log,
    ...(options.words === undefined ? {} : { words: options.words }),
  });
  const lease = new Lease(DEFAULT_LEASE_MS);
  const asked = learnLease(options, lease, AbortSignal.any([draining, alive.signal]));
  const heartbeat = beatUntil(
    {
      swarm,
      project,
      agent,
      role: options.role,
      incarnation: lock.incarnation,
      place: lock.place,
      pid: options.pid,
      version: options.version,
      profile: options.capabilities.profile,
      clock,
      log,
      client,
      lease,
      state,
      held: () => [...held],
    },
    alive.signal,
  );
  const claimer = createClaimer({
    swarm,
    project,
    agent,
    work: options.work,
    incarnation: lock.incarnation,
    slot: 0,
    place: lock.place,
    capabilities: options.capabilities,
    clock,
    ...(options.idleStop === undefined ? {} : { waitMs: options.idleStop.waitMs }),
  });
  const source = new GrantSource({ claimer, courier, outbox, held, clock });
  const loop: Loop = {
    options,
    source,
    courier,
    held,
    lease,
    state,
    pause,
    draining,
    killed: killing.signal,
    leaving: AbortSignal.any([draining, stopping.signal]),
    stop: () => stopping.abort(),
    unasked: 0,
  };
  try {
    await source.begin(loop.leaving);
    log.info({ agent, profile: options.capabilities.profile }, 'waits for work');
    await claimUntil(loop, options);
  } catch (error) {
    if (!loop.leaving.aborted) throw error;
  } finally {
    state.become('leaving');
    await source.withdraw().catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'left without a last word; the outbox keeps what is unsent');
    });
    await courier.close();
    source.letGo();
    claimer.close();
    await control.stop();
    alive.abort();
    await asked;
    await heartbeat;
  }
}

/** Claims and works until the agent is to leave. */
async function claimUntil(loop: Loop, options: ClaimLoopOptions): Promise<void> {
  const { source, state, pause, leaving } = loop;
  const { restMs = async () => 0, clock } = options;
  while (!leaving.aborted) {
    if (pause.isOn) {
      state.become('paused');
      if (await withdraw(loop)) await pause.over(leaving);
      else await clock.sleep(WITHDRAW_AGAIN_MS, leaving).catch(() => undefined);
      continue;
    }
    const rest = await restMs();
    if (rest > 0) {
      state.become('resting');
      const isWithdrawn = await withdraw(loop);
      const ms = isWithdrawn ? rest : Math.min(rest, WITHDRAW_AGAIN_MS);
      await withFirst([leaving, pause.begins], (early) => clock.sleep(ms, early)).catch(() => undefined);
      continue;
    }
    if (!(await goesOn(loop, 'before'))) return;
    state.become('waiting');
    const claimed = await untilPause(loop, (signal) => source.ask(signal));
    if (claimed === undefined) continue;
    const { answer, isCarrying } = claimed;
    if (answer.kind === 'granted') {
      options.idleStop?.watch.reset();
      await perform(loop, answer.grant);
      if (!(await goesOn(loop, 'after'))) return;
    } else if (answer.kind === 'refused') {
      await onRefusal(answer, options, leaving);
    } else if (answer.kind === 'nothing' && !isCarrying && (await isIdle(options, leaving))) {
      return;
    }
  }
}

/** Undefined when a pause began meanwhile; rejects when the agent is to leave. */
async function untilPause<T>(
  { pause, leaving }: Pick<Loop, 'pause' | 'leaving'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { begins } = pause;
  try {
    return await withFirst([leaving, begins], work);
  } catch (error) {
    if (leaving.aborted || !begins.aborted) throw error;
    return undefined;
  }
}

async function isIdle({ idleStop, log }: ClaimLoopOptions, leaving: AbortSignal): Promise<boolean> {
  if (idleStop === undefined) return false;
  try {
    if (!(await idleStop.watch.isOver(leaving))) return false;
    await idleStop.watch.tell();
    return true;
  } catch (error) {
    if (!isWaggleError(error) || !isTransient(error)) throw error;
    log.debug({ reason: messageOf(error) }, 'nobody says how much there is to do');
    return false;
  }
}

async function onRefusal(
  answer: Extract<ClaimAnswer, { kind: 'refused' }>,
  { agent, clock, log }: ClaimLoopOptions,
  leaving: AbortSignal,
): Promise<void> {
  if (answer.code === 'incarnation-ended')
    throw new WaggleError('incarnation-ended', { agent, reason: answer.message });
  if (!answer.retryable && answer.code !== 'voided') {
    throw new WaggleError('refused', { message: answer.message, reason: answer.code });
  }
  log.warn({ code: answer.code, reason: answer.message }, 'the claim was refused; trying again');
  await clock.sleep(REFUSED_PAUSE_MS, leaving).catch(() => undefined);
}
