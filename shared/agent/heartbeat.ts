/**
 * An agent's heartbeat: a plain publish every third of a lease with the grants it holds, and the question
 * whether they still live. Beats come from this process, never from the harness or its prompt (DESIGN 2.3).
 */
import type { Beat, Place, Role } from '../../schemas/index.ts';
import type { BoardClient } from '../bus/board-client.ts';
import { encode } from '../bus/codec.ts';
import type { Bus } from '../bus/port.ts';
import { subjectsOf } from '../bus/subjects.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { withFirst } from '../first-signal.ts';
import type { Log } from '../log.ts';
import type { AgentState } from './agent-state.ts';
import type { HeldGrant } from './held-grant.ts';
import type { Lease } from './lease.ts';

export interface HeartbeatOptions {
  readonly swarm: Bus;
  readonly project: string;
  readonly agent: string;
  readonly role: Role;
  readonly incarnation: string;
  readonly place: Place;
  readonly pid: number;
  readonly version: string;
  readonly profile?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: BoardClient;
  readonly lease: Lease;
  /** What the agent is doing, in one word. */
  readonly state: AgentState;
  readonly held: () => readonly HeldGrant[];
}

/** The state of an agent's last beat: its name may be used again at once. */
export const LEAVING = 'gone';

/** Beats until the signal aborts; the last beat says `gone`. */
export async function beatUntil(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, lease } = options;
  const startedAt = clock.monotonic();
  let questions: Promise<void> = Promise.resolve();
  const beat = (word: string) => publish(options, word, clock.monotonic() - startedAt);
  // A change is told at once, so that whoever looks does not see the last third of a lease.
  options.state.onChange(() => beat(options.state.word));
  // After a restart of the bus nobody knows of the beats before it.
  const offStatus = options.swarm.onStatus((status) => {
    if (status === 'connected') beat(options.state.word);
  });
  const ask = () =>
    endDeadGrants(options, signal).catch((error: unknown) => {
      log.debug({ reason: messageOf(error) }, 'the leader could not be asked about grants');
    });
  let lastAt = startedAt;
  while (!signal.aborted) {
    const gapMs = clock.monotonic() - lastAt;
    lastAt += gapMs;
    beat(options.state.word);
    // Asking may take long while the bus is away; beats go on meanwhile.
    if (gapMs > lease.ms) {
      // Stopped, starved or asleep: the grants may be somebody else's. Not behind a question from before.
      log.warn({ ms: Math.round(gapMs) }, 'no beat for longer than a lease; asking what was lost');
      questions = Promise.all([questions, ask()]).then(() => undefined);
    } else {
      questions = questions.then(ask);
    }
    await withFirst([signal, lease.changed], (early) => clock.sleep(lease.ms / 3, early)).catch(
      () => undefined,
    );
  }
  offStatus();
  await questions;
  beat(LEAVING);
}

function publish(options: HeartbeatOptions, state: string, uptimeMs: number): void {
  const { swarm, project, agent, role, incarnation, place, pid, version, profile, lease, held } = options;
  const beat: Beat = {
    v: 1,
    kind: 'beat',
    role,
    incarnation,
    place,
    pid,
    version,
    ...(profile === undefined ? {} : { profile }),
    state,
    every_ms: Math.round(lease.ms / 3),
    uptime_ms: Math.round(uptimeMs),
    grants: held().map((grant) => grant.beat()),
  };
  const { payload, headers } = encode('Beat', beat);
  swarm.publish(subjectsOf(project).beat(agent), payload, headers);
}

async function endDeadGrants(
  { client, held, lease, log }: HeartbeatOptions,
  signal: AbortSignal,
): Promise<void> {
  const grants = held();
  if (grants.length === 0 || signal.aborted) return;
  const fences = grants.map(({ grant }) => grant.fence);
  const answer = await client.query<'grants'>({ v: 1, kind: 'grants', fences }, signal);
  if (answer.lease_ms !== undefined) lease.become(answer.lease_ms);
  for (const { fence, why } of answer.ended) {
    const lost = grants.find(({ grant }) => grant.fence === fence);
    if (lost === undefined || lost.signal.aborted) continue;
    log.warn({ task: lost.grant.task, fence, why }, 'the grant has ended elsewhere');
    lost.end('fenced');
  }
  for (const { fence, why } of answer.halt ?? []) {
    const halted = grants.find(({ grant }) => grant.fence === fence);
    if (halted === undefined || halted.signal.aborted) continue;
    log.warn({ task: halted.grant.task, fence, why }, 'the run has to end');
    halted.end('halt', why);
  }
}
