/**
 * What an agent does with a grant, and how another follows it: the work may ask for more by itself, as a harness does
 * that goes on from task to task.
 *
 * 1. A grant is held until its report is kept; then it is finished, whoever holds it.
 * 2. Whoever asks for more is told of none as soon as the agent is to leave or paused, and what it has handed in does
 *    not wait for its end.
 * 3. Whether to go on is asked once after each grant, whoever comes first: the loop, or the work that wants another.
 */
import type { AnyGrant, Report } from '../../schemas/index.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { withFirst } from '../first-signal.ts';
import type { Log } from '../log.ts';
import type { AgentState } from './agent-state.ts';
import type { Courier } from './courier.ts';
import type { GrantSource } from './grant-source.ts';
import { HeldGrant } from './held-grant.ts';
import type { Lease } from './lease.ts';
import type { Outgoing } from './outbox.ts';
import type { Pause } from './pause.ts';

export interface WorkOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How long a grant in hand may go on after the drain began before it is stopped. */
  readonly drainMs: number;
  /**
   * Does the work; the report to send, or nothing when there is none or it was handed to the desk. `over` aborts with
   * `drain` or `kill` when whatever works must end, with a grant in hand or between two. Must not reject.
   */
  readonly perform: (
    held: HeldGrant,
    desk: ReportDesk,
    more: MoreWork,
    over: AbortSignal,
  ) => Promise<Report | undefined>;
  /** Whether to go on, asked before each claim and once after each grant; false: nothing more is claimed. */
  readonly goesOn?: (when: 'before' | 'after', signal: AbortSignal) => Promise<boolean>;
}

/** Where reports are handed in, with the files they name: what was kept survives this process. */
export interface ReportDesk {
  keep(outgoing: Outgoing): Promise<void>;
}

/**
 * Another grant for whoever has handed in the report of the last: waits so long at the most. Undefined: there is none, or
 * the agent is to leave or paused.
 */
export type MoreWork = (waitMs: number, signal: AbortSignal) => Promise<HeldGrant | undefined>;

/** What a loop has at hand. */
export interface Loop {
  readonly options: WorkOptions;
  readonly source: GrantSource;
  readonly courier: Courier;
  readonly held: Set<HeldGrant>;
  readonly lease: Lease;
  readonly state: AgentState;
  readonly pause: Pause;
  /** What is in hand must end soon. */
  readonly draining: AbortSignal;
  /** And at once. */
  readonly killed: AbortSignal;
  /** Nothing more is claimed. */
  readonly leaving: AbortSignal;
  readonly stop: () => void;
  /** Grants after which nobody was asked yet whether to go on. */
  unasked: number;
}

/** Does the work of a grant, and of those that the work asked for; over when no grant is in hand. */
export async function perform(loop: Loop, grant: AnyGrant): Promise<void> {
  const { options, courier, held, state, draining, killed } = loop;
  const { clock, drainMs } = options;
  const done = new AbortController();
  const over = new AbortController();
  const onKill = () => over.abort('kill');
  const onDrain = () => {
    clock.sleep(drainMs, done.signal).then(
      () => {
        for (const holding of held) if (!holding.isOver) holding.end('drain');
        over.abort('drain');
      },
      () => undefined,
    );
  };
  draining.addEventListener('abort', onDrain, { once: true });
  if (draining.aborted) onDrain();
  killed.addEventListener('abort', onKill, { once: true });
  try {
    state.become('working');
    const holding = hold(loop, grant);
    const desk: ReportDesk = { keep: (outgoing) => courier.keep(outgoing, over.signal) };
    const report = await options.perform(
      holding,
      desk,
      (waitMs, signal) => more(loop, waitMs, signal),
      over.signal,
    );
    if (report !== undefined) await desk.keep({ report });
  } finally {
    done.abort();
    draining.removeEventListener('abort', onDrain);
    killed.removeEventListener('abort', onKill);
    for (const holding of held) holding.finish();
  }
}

function hold(loop: Loop, grant: AnyGrant): HeldGrant {
  const { options, held, lease } = loop;
  loop.unasked += 1;
  const holding = new HeldGrant(grant);
  held.add(holding);
  lease.become(grant.lease_ms);
  options.log.info({ task: grant.task, fence: grant.fence, run: grant.run }, 'granted');
  return holding;
}

async function more(loop: Loop, waitMs: number, signal: AbortSignal): Promise<HeldGrant | undefined> {
  const { held, pause, leaving } = loop;
  for (const holding of held) holding.finish();
  const either = [signal, leaving, pause.begins];
  try {
    return await withFirst(either, async (first) => {
      first.throwIfAborted();
      if (!(await goesOn(loop, 'after')) || !(await goesOn(loop, 'before'))) loop.stop();
      return anotherGrant(loop, waitMs, first);
    });
  } catch (error) {
    if (!either.some(({ aborted }) => aborted)) throw error;
    // Whoever asked may live on for a while: what it has handed in must not wait for that.
    await withdraw(loop);
    return undefined;
  }
}

async function anotherGrant(loop: Loop, waitMs: number, signal: AbortSignal): Promise<HeldGrant | undefined> {
  const { clock } = loop.options;
  const until = clock.monotonic() + waitMs;
  for (;;) {
    signal.throwIfAborted();
    const leftMs = Math.max(0, Math.round(until - clock.monotonic()));
    const { answer, isCarrying } = await loop.source.ask(signal, leftMs);
    if (answer.kind === 'granted') return hold(loop, answer.grant);
    // A claim that brought a report was answered at once: the wait is the next one's.
    if (answer.kind === 'nothing' && isCarrying && leftMs > 0) continue;
    // Whoever asked may live on for a while: a report that waits for its mail still must not wait for that.
    if (answer.kind === 'nothing' && isCarrying && answer.report === undefined) await withdraw(loop);
    return undefined;
  }
}

/** After a grant it is asked once, whoever comes first: the loop, or a harness that wants another. */
export async function goesOn(loop: Loop, when: 'before' | 'after'): Promise<boolean> {
  const { options, leaving } = loop;
  if (options.goesOn === undefined) return true;
  if (when === 'before') return options.goesOn(when, leaving);
  while (loop.unasked > 0) {
    loop.unasked -= 1;
    if (!(await options.goesOn(when, leaving))) return false;
  }
  return true;
}

/** False while the bus is away: a report may then wait to be told, and a claim that was cut off may have been granted. */
export async function withdraw({ source, options: { log } }: Loop): Promise<boolean> {
  try {
    await source.withdraw();
    return true;
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'the last claim could not be withdrawn');
    return false;
  }
}
