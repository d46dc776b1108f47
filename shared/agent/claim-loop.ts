/**
 * The life of an agent that claims work: workers and committers alike. Claims, hands each grant to `work`, keeps
 * and delivers its report, beats, takes control messages, drains.
 *
 * Invariants:
 * 1. Nothing is claimed before the outbox of the predecessor is delivered; the first claim is decided after it.
 * 2. A report is on disk before it is sent; it is sent with the next claim, or by mail when that is not possible.
 * 3. A grant is listed in beats until its report is delivered: nobody may take what is only waiting for the bus.
 * 4. Draining stops claiming first; the last claim asks for nothing and makes the one that was cut off void.
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
import type { IdleStop } from './idle-stop.ts';
import { Lease } from './lease.ts';
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
  /**
   * Does the work; the report to send, or nothing when there is none or it was handed to the desk. Must not reject.
   */
  readonly perform: (held: HeldGrant, desk: ReportDesk) => Promise<Report | undefined>;
  /** Absent: waits for work for ever. */
  readonly idleStop?: { readonly watch: IdleStop; readonly waitMs: number };
}

/** Where reports are handed in, with the files they name: what was kept survives this process. */
export type ReportDesk = Pick<Courier, 'keep'>;

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
  const letGo = () => {
    for (const holding of held) if (!courier.isReporting(holding.grant.fence)) held.delete(holding);
  };
  try {
    let afterMail = await courier.flush(draining);
    while (!draining.aborted) {
      state.become('waiting');
      const { answer, isCarrying } = await claim(claimer, courier, afterMail, draining);
      if (answer.report !== undefined) await courier.answered(answer.report);
      letGo();
      // A claim that was told `nothing` may not have been decided: the mail that it waited for may not be read yet.
      if (answer.kind !== 'nothing') afterMail = undefined;
      if (answer.kind === 'granted') {
        options.idleStop?.watch.reset();
        lease.become(answer.grant.lease_ms);
        await perform(options, courier, held, answer.grant, draining, () => state.become('working'));
      } else if (answer.kind === 'refused') {
        await onRefusal(answer, options, draining);
      } else if (answer.kind === 'nothing' && !isCarrying && (await isIdle(options, draining))) {
        break;
      }
      // What a claim could not carry goes by mail.
      if (outbox.pending().length > 1) afterMail = (await courier.flush(draining)) ?? afterMail;
      letGo();
    }
  } catch (error) {
    if (!draining.aborted) throw error;
  } finally {
    state.become('leaving');
    await leave(claimer, courier).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'left without a last word; the outbox keeps what is unsent');
    });
    await courier.close();
    letGo();
    claimer.close();
    await control.stop();
    alive.abort();
    await asked;
    await heartbeat;
  }
}

/** One claim, with the report that waits, if it is one. Rejects when the drain begins meanwhile. */
async function claim(
  claimer: Claimer,
  courier: Courier,
  afterMail: number | undefined,
  draining: AbortSignal,
): Promise<{ answer: ClaimAnswer; isCarrying: boolean }> {
  const report = await courier.forClaim(draining);
  const answer = await claimer.next({
    holds: [],
    signal: draining,
    ...(report === undefined ? {} : { report }),
    ...(afterMail === undefined ? {} : { afterMail }),
  });
  return { answer, isCarrying: report !== undefined };
}

async function isIdle({ idleStop, log }: ClaimLoopOptions, draining: AbortSignal): Promise<boolean> {
  if (idleStop === undefined) return false;
  try {
    if (!(await idleStop.watch.isOver(draining))) return false;
    await idleStop.watch.tell();
    return true;
  } catch (error) {
    if (!isWaggleError(error) || !isTransient(error)) throw error;
    log.debug({ reason: messageOf(error) }, 'nobody says how much there is to do');
    return false;
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
    const report = await work(holding, courier);
    if (report !== undefined) await courier.keep({ report });
  } finally {
    done.abort();
    draining.removeEventListener('abort', onDrain);
    holding.enter('reporting');
  }
}

async function onRefusal(
  answer: Extract<ClaimAnswer, { kind: 'refused' }>,
  { agent, clock, log }: ClaimLoopOptions,
  draining: AbortSignal,
): Promise<void> {
  if (answer.code === 'incarnation-ended')
    throw new WaggleError('incarnation-ended', { agent, reason: answer.message });
  if (!answer.retryable && answer.code !== 'voided') {
    throw new WaggleError('refused', { message: answer.message, reason: answer.code });
  }
  log.warn({ code: answer.code, reason: answer.message }, 'the claim was refused; trying again');
  await clock.sleep(REFUSED_PAUSE_MS, draining).catch(() => undefined);
}

/** The last word: reports go out, and a last claim that asks for nothing makes the one that was cut off void. */
async function leave(claimer: Claimer, courier: Courier): Promise<void> {
  const signal = AbortSignal.timeout(LEAVE_MS);
  const report = await courier.forClaim(signal);
  // Several reports go first: the claim ends whatever grant they are about.
  const afterMail = report === undefined ? await courier.flush(signal) : undefined;
  const answer = await claimer.next({
    holds: [],
    waitMs: afterMail === undefined ? 0 : LEAVE_MS / 2,
    leaving: true,
    signal,
    ...(afterMail === undefined ? {} : { afterMail }),
    ...(report === undefined ? {} : { report }),
  });
  if (answer.report !== undefined) await courier.answered(answer.report);
  await courier.flush(signal);
}

const LEAVE_MS = 5_000;

/** Asks for the project's lease until somebody answers; a grant that comes first says it, too. */
async function learnLease(
  { swarm, project, agent, clock, log }: ClaimLoopOptions,
  lease: Lease,
  signal: AbortSignal,
): Promise<void> {
  const client = createBoardClient({ swarm, project, agent, clock, timeoutMs: DEFAULT_LEASE_MS });
  while (!signal.aborted) {
    try {
      const status = await client.query<'status'>({ v: 1, kind: 'status' }, signal);
      lease.become(status.config.policies.lease_ms);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ reason: messageOf(error) }, 'no leader answers yet');
      await clock.sleep(REFUSED_PAUSE_MS, signal).catch(() => undefined);
    }
  }
}
