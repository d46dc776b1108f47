/**
 * Writers and readers of mail, all at once: each writer by a clock of its own, readers that join late, leave and come
 * back. What every reader saw, and what every `send` answered, is kept for the test to judge.
 */
import type { MailRecord } from '../../schemas/index.ts';
import type { Bus } from '../../shared/bus/port.ts';
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import { createBusDesk } from '../../shared/mail/bus-desk.ts';
import type { MailDesk, MailDraft } from '../../shared/mail/desk.ts';
import { draftOf } from '../../shared/mail/draft.ts';
import { sequenceOf } from '../../shared/mail/record.ts';
import { randomId } from '../../shared/random.ts';
import { project, type TestHive } from './orchestrator.ts';

export interface Seen {
  readonly seq: number;
  readonly body: unknown;
}

/** A desk whose clock is off by so much. */
export async function openDesk(hive: TestHive, agent: string, skewMs = 0): Promise<MailDesk> {
  const swarm = await connectSurely(hive, agent);
  const clock = { ...systemClock, now: () => systemClock.now() + skewMs };
  return createBusDesk({ swarm, project, agent, clock, randomId, identity: agent, host: 'here' });
}

/** Also while the server is being killed and restarted. */
async function connectSurely(hive: TestHive, agent: string): Promise<Bus> {
  for (;;) {
    try {
      return await hive.connect(agent);
    } catch (error) {
      if (!isWaggleError(error, 'bus-unreachable')) throw error;
    }
  }
}

/** Numbers from 0 to 1 that a seed repeats. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const topics = ['work', 'chat', 'news'] as const;

/** Sends `<agent>:<n>` one after another to changing topics; gives what was answered, and calls back on each. */
export async function write(
  desk: MailDesk,
  count: number,
  random: () => number,
  onSent: () => void,
): Promise<readonly MailRecord[]> {
  const sent: MailRecord[] = [];
  for (let n = 0; n < count; n += 1) {
    const topic = topics[Math.floor(random() * topics.length)] ?? topics[0];
    sent.push(await sendSurely(desk, draftOf({ to: topic, body: `${desk.agent}:${n}` }, randomId())));
    onSent();
  }
  return sent;
}

/** As whoever must not lose a mail does: the same draft again, until the bus has it. */
async function sendSurely(desk: MailDesk, draft: MailDraft): Promise<MailRecord> {
  for (;;) {
    try {
      return await desk.send(draft);
    } catch (error) {
      if (!isWaggleError(error) || (!error.retryable && error.code !== 'bus-closed')) throw error;
    }
  }
}

/**
 * Reads all topics into `seen` until the signal aborts: leaves after a random number of mails, and comes back to go on
 * behind the last one, through the log, a watch, or another desk.
 */
export async function readInto(
  seen: Seen[],
  open: () => Promise<MailDesk>,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  const take = (record: MailRecord) => seen.push({ seq: sequenceOf(record), body: record.body });
  let desk = await open();
  while (!signal.aborted) {
    const after = seen.at(-1)?.seq ?? 0;
    if (random() < 0.3) desk = await open();
    if (random() < 0.3) {
      const { records } = await retried(() => desk.log({ limit: 0, since: { seq: after + 1 } }), signal);
      records.forEach(take);
      continue;
    }
    let left = 1 + Math.floor(random() * 200);
    for await (const { record } of desk.watch({ after }, signal)) {
      take(record);
      left -= 1;
      if (left === 0) break;
    }
  }
}

/** A log that the bus interrupts is asked for again, as by a person. */
async function retried(
  ask: () => Promise<{ readonly records: readonly MailRecord[] }>,
  signal: AbortSignal,
): Promise<{ readonly records: readonly MailRecord[] }> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isWaggleError(error) || signal.aborted) throw error;
    }
  }
}
