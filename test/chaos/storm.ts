/**
 * The time in which everything happens at once, and the quiet after it until every task has ended.
 */
import { systemClock } from '../../shared/clock.ts';
import { isWaggleError } from '../../shared/errors.ts';
import type { ProcessSwarm } from '../support/process-swarm.ts';
import type { People } from './people.ts';
import type { ChaosPlan } from './plan.ts';
import type { Trouble } from './trouble.ts';

const PROGRESS_MS = 5_000;
/** More waits than a few minutes of work: nothing is added until some of it is done. */
const MOST_UNFINISHED = 30;
const QUIET_MS = 120_000;
const QUIET_FOR_TASK_MS = 3_000;
const TIDY_EVERY_MS = 5_000;
const LOOK_MS = 500;

/** Everything that the plan holds, until its time is over and every fault has ended. */
export async function storm(parts: {
  readonly plan: ChaosPlan;
  readonly durationMs: number;
  readonly swarm: ProcessSwarm;
  readonly people: People;
  readonly trouble: Trouble;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { plan, durationMs, swarm, people, trouble, say, signal } = parts;
  const begunAt = systemClock.monotonic();
  const elapsed = () => systemClock.monotonic() - begunAt;
  const at = async (ms: number) => {
    await systemClock.sleep(Math.max(0, ms - elapsed()), signal).catch(() => undefined);
  };
  const isOver = () => signal.aborted || elapsed() >= durationMs;
  const adding = async () => {
    for (const batch of plan.batches) {
      await at(batch.at);
      while (!isOver() && (await unfinished(swarm)) > MOST_UNFINISHED) await at(elapsed() + LOOK_MS);
      if (isOver()) return;
      await people.add(batch.tasks, signal);
    }
  };
  const meddling = plan.words.map(async (word) => {
    await at(word.at);
    if (!isOver()) await people.meddle(word);
  });
  const telling = async () => {
    while (!isOver()) {
      await at(Math.min(durationMs, elapsed() + PROGRESS_MS));
      say(`${seconds(elapsed())}: ${people.added.length} tasks added, ${trouble.struck.length} faults ended`);
    }
  };
  await Promise.all([trouble.run(plan.faults, at, signal), adding(), ...meddling, telling(), at(durationMs)]);
  signal.throwIfAborted();
}

/** Waits until every task has ended; what has not then is a breach of rule 4. */
export async function settle(
  swarm: ProcessSwarm,
  people: People,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const begunAt = systemClock.monotonic();
  const patienceMs = QUIET_MS + people.added.length * QUIET_FOR_TASK_MS;
  let [toldAt, tidiedAt] = [begunAt, begunAt - TIDY_EVERY_MS];
  for (;;) {
    signal.throwIfAborted();
    const now = systemClock.monotonic();
    if (now - tidiedAt >= TIDY_EVERY_MS) {
      tidiedAt = now;
      await people.tidy();
    }
    const left = await unfinished(swarm);
    if (left === 0 || now - begunAt > patienceMs) return;
    if (now - toldAt >= PROGRESS_MS) {
      toldAt = now;
      say(`${seconds(now - begunAt)} of quiet: ${left} tasks have not ended`);
    }
    await systemClock.sleep(LOOK_MS, signal);
  }
}

/** Tasks that have not ended and wait for nobody, as far as the board can be asked. */
async function unfinished({ client }: ProcessSwarm): Promise<number> {
  try {
    const under = { v: 1, kind: 'tasks', states: ['claimed', 'submitted', 'committing'] } as const;
    const { total } = await client.query<'tasks'>({ ...under, states: [...under.states], limit: 1 });
    // One that waits for a blocked task, or for one that waits for such, is not counted: its dep is, while it goes on.
    const { tasks } = await client.query<'tasks'>({ v: 1, kind: 'tasks', states: ['open'], limit: 1_000 });
    return total + tasks.filter(({ blocked_by }) => blocked_by.length === 0).length;
  } catch (error) {
    if (!isWaggleError(error)) throw error;
    return Number.POSITIVE_INFINITY;
  }
}

/** `12.3 s`. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
