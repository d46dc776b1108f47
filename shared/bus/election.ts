/**
 * Election: of the processes that campaign for a role of a project, one leads at a time, as far as clocks allow.
 * One key per role, renewed and taken over by compare-and-swap; silence is measured by each one's own monotonic
 * clock (DESIGN 2.3).
 *
 * 1. Election only decides who *tries*. Two may believe to lead for a moment (one of them stopped, or its clock
 *    slow); that is harmless where every effect is fenced by itself, as the journal is by the sequence it expects.
 * 2. A leader steps down before its silence is a lease long; a follower tries only after a whole lease without a
 *    change of the key. A key that is absent, given up or left by this very process is taken at once.
 * 3. A new term begins only when `lead` of the one before has ended.
 * 4. Nobody leads or campaigns while one of its connections is away.
 */
import type { Clock } from '../clock.ts';
import { isWaggleError, messageOf } from '../errors.ts';
import type { RandomId } from '../random.ts';
import { type ElectionTimes, electionTimes, type Sighting, type Standing, sight } from './leadership.ts';
import { type Connections, watchConnections } from './leadership-connections.ts';
import { type Connection, type LeaderKey, type LeaderKeyOptions, openLeaderKey } from './leadership-key.ts';
import { Term, type TermOptions, type Won } from './leadership-term.ts';

export interface ElectionOptions extends LeaderKeyOptions, TermOptions {
  readonly randomId: RandomId;
  /** Connections besides `core` without which this process should not lead. */
  readonly needs?: readonly Connection[];
  /** Errors of `lead` that end the campaign. Default: none. */
  readonly isFatal?: (error: unknown) => boolean;
}

/**
 * What a leader does until its signal aborts; `isHeld` reads the clock and tells at once whether the lead may have
 * been lost since, also where the process was stopped and no timer has run yet.
 */
export type Lead = (signal: AbortSignal, isHeld: () => boolean) => Promise<void>;

/**
 * Campaigns until the signal aborts, and calls `lead` for each term won; its signal aborts with `lead-lost`, or
 * with the campaign's reason. Resolves when the signal has aborted, `lead` has ended and the key is given up. What
 * `lead` throws is logged and ends its term alone, unless it is fatal: then it is thrown, as is `bus-closed` once
 * the core connection is closed for good.
 */
export async function campaign(options: ElectionOptions, lead: Lead, signal: AbortSignal): Promise<void> {
  const { core, needs = [], clock } = options;
  const key = openLeaderKey(options);
  const connections = watchConnections([core, ...needs], clock);
  try {
    while (!signal.aborted) {
      const won = await win(options, key, connections, signal);
      if (won === undefined) return;
      const term = new Term(options, key, connections, won);
      await serve(options, term, lead, signal);
      // Others first: whatever made `lead` give up may not trouble them.
      if (!term.wasLost) await pause(clock, electionTimes(options.leaseMs()).restMs, signal);
    }
  } finally {
    connections.close();
  }
}

/** Follows until the key is won; undefined when the signal aborts. */
async function win(
  options: ElectionOptions,
  key: LeaderKey,
  connections: Connections,
  signal: AbortSignal,
): Promise<Won | undefined> {
  const { clock, role, log } = options;
  let seen: Sighting | undefined;
  let leader: string | undefined;
  let complaint: string | undefined;
  while (!signal.aborted) {
    const times = electionTimes(options.leaseMs());
    let restMs = times.lookMs;
    try {
      const askedMs = clock.monotonic();
      const standing = await key.look(times.leaseMs, signal);
      complaint = undefined;
      seen = sight(seen, standing, clock.monotonic(), times, () => chance(options.randomId));
      const silentMs = Math.max(0, askedMs - seen.sinceMs);
      if (isNobodyElses(standing, options.identity) || silentMs >= seen.patienceMs) {
        if (connections.areUp()) return await take(options, key, standing, times);
      } else restMs = Math.min(restMs, seen.patienceMs - silentMs);
      if (leader !== holderOf(standing)) log.info({ role, standing }, 'standing by');
      leader = holderOf(standing);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isWaggleError(error, 'bus-closed') && error.details['reason'] === 'closed') throw error;
      // Another was faster, or the connection is away: the next look tells.
      const isUsual = isWaggleError(error, 'wrong-last-sequence') || isWaggleError(error, 'bus-closed');
      if (!isUsual && messageOf(error) !== complaint) log.warn({ role, err: error }, 'the election is stuck');
      complaint = messageOf(error);
      restMs = times.tickMs;
    }
    await pause(clock, restMs, signal);
  }
  return undefined;
}

/** Given up, or left by an earlier term of this very process. */
function isNobodyElses(standing: Standing, identity: string): boolean {
  return standing.kind === 'vacant' || (standing.kind === 'held' && standing.holder === identity);
}

const holderOf = (standing: Standing) => (standing.kind === 'held' ? standing.holder : standing.kind);

async function take(
  { clock, role, log }: ElectionOptions,
  key: LeaderKey,
  standing: Standing,
  { renewMs, lateMs }: ElectionTimes,
): Promise<Won> {
  const sent = { monotonic: clock.monotonic(), wall: clock.now() };
  const mark = { everyMs: Math.round(renewMs), released: false };
  const revision = await key.write(standing.revision, mark, Math.ceil(lateMs));
  log.info({ role, before: holderOf(standing) }, 'elected');
  return { revision, sent };
}

async function serve(
  { role, log, isFatal = () => false }: ElectionOptions,
  term: Term,
  lead: Lead,
  signal: AbortSignal,
): Promise<void> {
  const leave = () => term.leave(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    if (!signal.aborted) await lead(term.signal, () => term.isHeld());
  } catch (error) {
    if (isFatal(error)) throw error;
    const isOrderly = term.signal.aborted && (error === term.signal.reason || isAbort(error));
    if (!isOrderly) log.error({ role, err: error }, 'the leader failed; its term ends');
  } finally {
    signal.removeEventListener('abort', leave);
    await term.end();
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** From 0 to below 1. */
function chance(randomId: RandomId): number {
  return Number.parseInt(randomId(4), 36) / 36 ** 4;
}
