/**
 * Short ways for tests of services to ask the board and to wait for what it says.
 */
import type { Batch, Beat, Claim, ClaimAnswer, Event, Report, TaskSpec } from '../../schemas/index.ts';
import { type BoardClient, isTransient } from '../../shared/bus/board-client.ts';
import { encode } from '../../shared/bus/codec.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { call } from '../../shared/bus/rpc.ts';
import { sendMail } from '../../shared/bus/send-mail.ts';
import { subjectsOf } from '../../shared/bus/subjects.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { anyone, place, project } from './orchestrator.ts';

/** A task that expects no change. */
export const plain = (id: string, more: Partial<TaskSpec> = {}): TaskSpec => ({
  id,
  title: `do ${id}`,
  expects: 'none',
  ...more,
});

let commands = 0;

/** Adds tasks, and throws when they are refused. */
export async function add(client: BoardClient, ...tasks: TaskSpec[]): Promise<void> {
  commands += 1;
  const answer = await client.command({ v: 1, kind: 'add', id: `add-${commands}`, tasks });
  if (answer.status !== 'ok') throw new Error(answer.message);
}

/** The first claim of `agent`'s first incarnation, changed by `more`. */
export const claimBy = (agent: string, more: Partial<Claim> = {}): Claim => ({
  v: 1,
  kind: 'claim',
  work: 'task',
  incarnation: `1-${agent}`,
  slot: 0,
  number: 1,
  holds: [],
  capabilities: anyone,
  place,
  wait_ms: 0,
  ...more,
});

/** Sends one claim until it is answered, as agents do: the answer to a number stays the same. */
export async function sendClaim(swarm: Bus, agent: string, claim: Claim): Promise<ClaimAnswer> {
  const subject = subjectsOf(project).request('claim', agent);
  const options = { timeoutMs: claim.wait_ms + 5_000 };
  const deadline = performance.now() + claim.wait_ms + 20_000;
  for (;;) {
    try {
      return await call(swarm, subject, ['Claim', claim], 'ClaimAnswer', options);
    } catch (error) {
      const isPassing = isWaggleError(error) && isTransient(error);
      if (!isPassing || performance.now() > deadline) throw error;
      await systemClock.sleep(100);
    }
  }
}

/** Sends a claim whose answer reaches nobody. */
export function claimWithoutAnswer(swarm: Bus, agent: string, claim: Claim): Promise<unknown> {
  const options = { timeoutMs: 1 };
  const subject = subjectsOf(project).request('claim', agent);
  return call(swarm, subject, ['Claim', claim], 'ClaimAnswer', options).catch(() => undefined);
}

/** A beat of `agent`'s first incarnation, changed by `more`. */
export const beatBy = (agent: string, more: Partial<Beat> = {}): Beat => ({
  v: 1,
  kind: 'beat',
  role: 'worker',
  incarnation: `1-${agent}`,
  place,
  pid: 1,
  version: 'test',
  state: 'waiting',
  every_ms: 100,
  uptime_ms: 1,
  grants: [],
  ...more,
});

/** Publishes a beat of the agent's first incarnation. */
export function beat(swarm: Bus, agent: string, state = 'waiting', grants: Beat['grants'] = []): void {
  const { payload, headers } = encode('Beat', beatBy(agent, { state, grants }));
  swarm.publish(subjectsOf(project).beat(agent), payload, headers);
}

export type Granted = Extract<ClaimAnswer, { kind: 'granted' }>['grant'];

/** The grant of an answer; throws when it is none. */
export function grantOf(answer: ClaimAnswer): Granted {
  if (answer.kind !== 'granted') throw new Error(`expected a grant, got ${JSON.stringify(answer)}`);
  return answer.grant;
}

/** The names of a grant in a report. */
export const about = (grant: Granted, id = `r-${grant.fence}`) => ({
  v: 1 as const,
  id,
  task: grant.task,
  fence: grant.fence,
  run: grant.run,
});

export const done = (grant: Granted, id?: string): Report => ({
  ...about(grant, id),
  kind: 'done',
  outcome: 'completed',
});

/** Mails a report; gives the sequence in MAIL. */
export const mailReport = (swarm: Bus, from: string, report: Report): Promise<number> =>
  sendMail(
    swarm,
    project,
    from,
    { kind: 'agent', name: 'orchestrator' },
    { v: 1, id: report.id, kind: 'report', at: 1, report },
  );

export const stateOf = async (client: BoardClient, id: string): Promise<string> =>
  (await client.query<'task'>({ v: 1, kind: 'task', id })).view.task.state;

/** The whole journal, as queries hand it out. */
export async function journalOf(client: BoardClient): Promise<{ seq: number; batch: Batch }[]> {
  const all: { seq: number; batch: Batch }[] = [];
  for (;;) {
    const page = await client.query<'journal'>({ v: 1, kind: 'journal', after: all.at(-1)?.seq ?? 0 });
    all.push(...page.batches);
    if (page.batches.length === 0) return all;
  }
}

export async function eventsOf(client: BoardClient): Promise<Event[]> {
  return (await journalOf(client)).flatMap(({ batch }) => batch.events);
}

/** Asks again every few milliseconds until `check` gives something; throws with `what` when it takes too long. */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await systemClock.sleep(10);
  }
}
