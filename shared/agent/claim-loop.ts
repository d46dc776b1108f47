/**
 * The life of an agent that claims work: workers and committers alike. Claims, hands each grant to `work`, keeps
 * and delivers its report, beats, takes control messages, drains.
 *
 * Invariants:
 * 1. Nothing is claimed before the outbox of the predecessor is delivered; the first claim is decided after it.
 * 2. A report is on disk before it is sent; it is sent with the next claim, or by mail when that is not possible.
 * 3. Draining stops claiming first; the last claim asks for nothing and makes the one that was cut off void.
 */
import type { AnyGrant, Capabilities, Claim, ClaimAnswer, Report, Role } from '../../schemas/index.ts';
import { createBoardClient, isTransient } from '../bus/board-client.ts';
import { type Claimer, createClaimer } from '../bus/claimer.ts';
import type { Bus } from '../bus/port.ts';
import type { Clock } from '../clock.ts';
import { isWaggleError, messageOf, WaggleError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { StateLock } from '../process/state-lock.ts';
import { AgentState } from './agent-state.ts';
import { serveControl } from './control-desk.ts';
import { Courier } from './courier.ts';
import { beatUntil } from './heartbeat.ts';
import { HeldGrant } from './held-grant.ts';
import type { Outbox } from './outbox.ts';

export interface ClaimLoopOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly role: Role;
  readonly work: Claim['work'];
  readonly lock: Pick<StateLock, 'incarnation' | 'place'>;
  readonly outbox: Outbox;
  readonly capabilities: Capabilities;
  readonly pid: number;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a grant in hand may go on after the drain began before it is stopped. */
  readonly drainMs: number;
  /** Does the work; the report to send, or nothing when the right to report is gone. Must not reject. */
  readonly perform: (held: HeldGrant) => Promise<Report | undefined>;
}

const REFUSED_PAUSE_MS = 1_000;
const DEFAULT_LEASE_MS = 30_000;

/** Runs until the signal aborts and what is in hand is finished or given back. */
export async function runClaimLoop(options: ClaimLoopOptions, drain: AbortSignal): Promise<void> {
  const { swarm, project, agent, clock, log, lock, outbox } = options;
  const held = new Set<HeldGrant>();
  const ending = new AbortController();
  const draining = AbortSignal.any([drain, ending.signal]);
  const alive = new AbortController();
  const client = createBoardClient({ swarm, project, agent, clock });
  const courier = new Courier({ outbox, swarm, project, agent, clock, log });
  const state = new AgentState();

  const control = serveControl({
    swarm,
    project,
    agent,
    held: () => [...held],
    drain: () => ending.abort(),
    log,
  });
  const leaseMs = await leaseOf(options, draining);
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
      leaseMs,
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
  });
  try {
    let afterMail = await courier.flush(draining);
    while (!draining.aborted) {
      state.become('waiting');
      const answer = await claim(claimer, courier, afterMail, draining);
      if (answer === undefined) break;
      if (answer.report !== undefined) await courier.answered(answer.report);
      afterMail = undefined;
      if (answer.kind === 'granted') {
        await perform(options, courier, held, answer.grant, draining, () => state.become('working'));
      } else if (answer.kind === 'refused') {
        await onRefusal(answer, clock, log, draining);
      }
      // What a claim could not carry goes by mail.
      if (courier.forClaim() === undefined) afterMail = await courier.flush(draining);
    }
  } catch (error) {
    if (!draining.aborted) throw error;
  } finally {
    state.become('leaving');
    await leave(claimer, courier).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'left without a last word; the outbox keeps what is unsent');
    });
    claimer.close();
    await control.stop();
    alive.abort();
    await heartbeat;
  }
}

/** Undefined when the drain began meanwhile. */
async function claim(
  claimer: Claimer,
  courier: Courier,
  afterMail: number | undefined,
  draining: AbortSignal,
): Promise<ClaimAnswer | undefined> {
  const report = courier.forClaim();
  try {
    return await claimer.next({
      holds: [],
      signal: draining,
      ...(report === undefined ? {} : { report }),
      ...(afterMail === undefined ? {} : { afterMail }),
    });
  } catch (error) {
    if (draining.aborted) return undefined;
    throw error;
  }
}

async function perform(
  { perform: work, clock, drainMs, log }: ClaimLoopOptions,
  courier: Courier,
  held: Set<HeldGrant>,
  grant: AnyGrant,
  draining: AbortSignal,
  begun: () => void,
): Promise<void> {
  const holding = new HeldGrant(grant);
  held.add(holding);
  begun();
  const done = new AbortController();
  const onDrain = () => {
    clock.sleep(drainMs, done.signal).then(
      () => holding.end('drain'),
      () => undefined,
    );
  };
  draining.addEventListener('abort', onDrain, { once: true });
  if (draining.aborted) onDrain();
  log.info({ task: grant.task, fence: grant.fence, run: grant.run }, 'granted');
  try {
    const report = await work(holding);
    if (report !== undefined) await courier.keep(report);
  } finally {
    done.abort();
    draining.removeEventListener('abort', onDrain);
    held.delete(holding);
  }
}

async function onRefusal(
  answer: Extract<ClaimAnswer, { kind: 'refused' }>,
  clock: Clock,
  log: Log,
  draining: AbortSignal,
): Promise<void> {
  if (!answer.retryable && answer.code !== 'voided') {
    throw new WaggleError('refused', { message: answer.message, reason: answer.code });
  }
  log.warn({ code: answer.code, reason: answer.message }, 'the claim was refused; trying again');
  await clock.sleep(REFUSED_PAUSE_MS, draining).catch(() => undefined);
}

/** The last word: reports go out, and a last claim that asks for nothing makes the one that was cut off void. */
async function leave(claimer: Claimer, courier: Courier): Promise<void> {
  const signal = AbortSignal.timeout(LEAVE_MS);
  const report = courier.forClaim();
  const answer = await claimer.next({
    holds: [],
    waitMs: 0,
    leaving: true,
    signal,
    ...(report === undefined ? {} : { report }),
  });
  if (answer.report !== undefined) await courier.answered(answer.report);
  await courier.flush(signal);
}

const LEAVE_MS = 5_000;

/** The project's lease; the default while nobody answers, as the first beats matter to nobody then. */
async function leaseOf(
  { swarm, project, agent, clock, log }: ClaimLoopOptions,
  signal: AbortSignal,
): Promise<number> {
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: DEFAULT_LEASE_MS });
  try {
    const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
    return status.config.policies.lease_ms;
  } catch (error) {
    if (signal.aborted) return DEFAULT_LEASE_MS;
    if (!isWaggleError(error) || !isTransient(error)) throw error;
    log.warn({ reason: messageOf(error) }, 'no leader answers yet');
    return DEFAULT_LEASE_MS;
  }
}
