/**
 * What the journal says about one task, read backwards: the newest batches hold what is asked for most often,
 * and the task's first event ends the search.
 */
import type { Event } from '../../../../schemas/index.ts';
import type { BoardClient } from '../../../../shared/bus/board-client.ts';
import type { TaskEvent } from '../../task-text.ts';

export interface History {
  /** Oldest first. */
  readonly events: readonly TaskEvent[];
  /** False when the task's older events are not in the journal any more, or too far back. */
  readonly isWhole: boolean;
}

/** As many as one answer holds. */
const WINDOW = 50;
/** 20,000 batches back: some seconds. */
const WINDOWS = 400;

/** The events of `task` back to its first, or to the newest that `isEnough`. */
export async function readHistory(
  client: BoardClient,
  task: string,
  signal: AbortSignal,
  isEnough: (event: Event) => boolean = () => false,
): Promise<History> {
  const { last } = await client.query(
    { v: 1, kind: 'journal', after: Number.MAX_SAFE_INTEGER - 1, limit: 1 },
    signal,
  );
  const events: TaskEvent[] = [];
  let to = last;
  for (let window = 0; window < WINDOWS && to > 0; window += 1) {
    const from = Math.max(0, to - WINDOW);
    const found = await readWindow(client, task, from, to, signal);
    for (const one of found.toReversed()) {
      events.unshift(one);
      if (one.event.type === 'task_added' || isEnough(one.event)) return { events, isWhole: true };
    }
    to = from;
  }
  return { events, isWhole: false };
}

async function readWindow(
  client: BoardClient,
  task: string,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<TaskEvent[]> {
  const found: TaskEvent[] = [];
  for (let after = from; after < to; ) {
    const { batches } = await client.query({ v: 1, kind: 'journal', after, limit: to - after }, signal);
    for (const { seq, batch } of batches) {
      if (seq > to) return found;
      for (const event of batch.events) if (taskOf(event) === task) found.push({ seq, at: batch.at, event });
    }
    const end = batches.at(-1)?.seq;
    if (end === undefined) return found;
    after = end;
  }
  return found;
}

function taskOf(event: Event): string | undefined {
  if (event.type === 'task_added') return event.task.id;
  return 'task' in event ? event.task : undefined;
}
